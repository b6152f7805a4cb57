"""A connector's lines as messages of the Airbyte protocol. What is broken costs as little as it can.

A value that JSON cannot hold (``NaN``, half of an emoji, bytes that are no UTF-8) costs that value: the line is mended
and says so. A line that may have been a message and cannot be read costs that message. Any other line is a print.
"""

import json
import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

Message = dict[str, Any]

START = re.compile(r'\{\s*"type"\s*:\s*"(?:RECORD|STATE|TRACE|LOG|CONTROL|CATALOG|SPEC|CONNECTION_STATUS)"')
KEY = re.compile(rb'"\s*:')  # a piece of JSON: it may hold a row, so it is never shown
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|NaN|-?Infinity|-?\d[\d.]*[eE][+-]?\d{3,}')
CONTROL = re.compile(r"[\x00-\x1f]")  # not allowed in a string of JSON
HALF = re.compile(  # of a surrogate pair, behind what must be passed over: a whole pair, a written backslash
    r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)

decode = msgspec.json.Decoder().decode  # integers of any length are exact, which orjson makes floats of
_JSON = json.JSONDecoder()


class Descriptor(msgspec.Struct):
    """Which stream a message is about."""

    name: str
    namespace: str | None = None


class StreamState(msgspec.Struct):
    """How far one stream has come."""

    stream_descriptor: Descriptor
    stream_state: dict[str, Any] | None = None


class SharedState(msgspec.Struct):
    """How far a source has come whose streams have one position together, as of change data capture."""

    stream_states: list[StreamState]
    shared_state: Any = None


class Statistics(msgspec.Struct):
    """What a source counts for a state: the rows since the last one."""

    recordCount: float | None = None


class State(msgspec.Struct):
    """A ``STATE``: of one stream, of all together (``global``), or as old connectors have it (``data``)."""

    type: str | None = None
    stream: StreamState | None = None
    shared: SharedState | None = msgspec.field(name="global", default=None)
    data: dict[str, Any] | None = None
    sourceStats: Statistics | None = None


class Status(msgspec.Struct):
    """A ``STREAM_STATUS``."""

    stream_descriptor: Descriptor
    status: str


@lru_cache(maxsize=4096)
def reader(field: str) -> Callable[[bytes], msgspec.Raw]:
    """What reads one field of a ``RECORD`` from its line, letter for letter; ``null`` where it is missing.

    Everything else is skipped, at a fifth of the price of taking the row apart.
    """
    row = msgspec.defstruct("Row", [("value", msgspec.Raw, msgspec.Raw(b"null"))], rename={"value": field})
    record = msgspec.defstruct("Record", [("data", row)])
    line = msgspec.json.Decoder(msgspec.defstruct("Line", [("record", record)])).decode
    return lambda text: line(text).record.data.value  # type: ignore[attr-defined]


def read(line: bytes) -> tuple[list[tuple[Message, bytes]], bytes, bool]:
    """The messages of a line with their own bytes; what of it could not be read; whether a value was mended.

    >>> read(b'50%{"type": "LOG"}')
    ([({'type': 'LOG'}, b'{"type": "LOG"}')], b'', False)
    """
    try:
        message = decode(line)
        if isinstance(message, dict):
            return [(message, line)], b"", False
        return [], line if isinstance(message, (list, str)) else b"", False
    except (msgspec.DecodeError, UnicodeDecodeError):
        text = line.decode(errors="replace")
    mended = TOKEN.sub(_mended, text)
    try:
        return [(decode(mended.encode()), mended.encode())], b"", True
    except (msgspec.DecodeError, UnicodeDecodeError):
        pieces, rest = _pieces(mended)
    unread = line if KEY.search(rest.encode()) else b""
    return [(decode(piece), piece) for piece in pieces], unread, mended != line.decode(errors="ignore")


def _mended(token: re.Match[str]) -> str:
    if token[0].startswith('"'):
        text = HALF.sub(lambda half: "\\ufffd" if half[1] else half[0], token[0])
        return CONTROL.sub(lambda character: f"\\u{ord(character[0]):04x}", text)
    return token[0] if math.isfinite(float(token[0])) else f'"{token[0]}"'


def _pieces(text: str) -> tuple[list[bytes], str]:
    """Whole messages that stand on one line, behind a print or behind each other; and the text around them."""
    pieces: list[bytes] = []
    rest, end = "", 0
    while start := START.search(text, end):
        rest += text[end : start.start()]
        try:
            _, end = _JSON.raw_decode(text, start.start())
        except ValueError:
            return pieces, rest + text[start.start() :]
        pieces.append(text[start.start() : end].encode())
    return pieces, rest + text[end:]
