"""Arrow Flight SQL between the cache service and those who ask it: its messages, and what every call carries.

    ticket = flight.pack("CommandStatementQuery", (1, "SELECT 1"))
    client.do_get(Ticket(ticket), flight.options(url, timeout=60, release="000012-3f9ab2c41d7e"))

Messages are made by hand: of FlightSql.proto a read-only service meets some twenty, all of strings, bytes, flags and
numbers. Generated code would be larger than this file, would need a build step, and protobuf in every environment.
Field numbers: https://github.com/apache/arrow/blob/main/format/FlightSql.proto.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from biaac import identity

if TYPE_CHECKING:
    from pyarrow.flight import FlightCallOptions

RELEASE = "x-biaac-release"  # header: the release a call is answered from; without it, the current one
PREFIX = "type.googleapis.com/arrow.flight.protocol.sql."
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types

Value = str | bytes | int | None


class Malformed(ValueError):
    """Bytes that are not the message they should be."""


def headers(url: str, release: str | None = None) -> dict[str, str]:
    """What a call to the service at ``url`` carries: who calls (in the cloud), and the release if one is given."""
    release_header = {RELEASE: release} if release else {}
    authorization = identity.authorization(url)
    return release_header | ({"authorization": authorization} if authorization else {})


def options(url: str, *, timeout: float, release: str | None = None) -> "FlightCallOptions":
    """The same for ``pyarrow.flight``, with a time limit in seconds."""
    from pyarrow.flight import FlightCallOptions

    pairs = [(name.encode(), value.encode()) for name, value in headers(url, release).items()]
    return FlightCallOptions(timeout=timeout, headers=pairs)


@dataclass(frozen=True)
class Message:
    """A message by field number; ``name`` is its type inside ``arrow.flight.protocol.sql``."""

    name: str
    fields: dict[int, list[int | bytes]]

    def text(self, number: int) -> str | None:
        """The last value of a string field, None where it is absent."""
        data = self.data(number)
        return None if data is None else self._decoded(number, data)

    def data(self, number: int) -> bytes | None:
        """The last value of a bytes field, None where it is absent."""
        value = self.fields.get(number, [None])[-1]
        if isinstance(value, int):
            raise Malformed(f"{self.name}: field {number} is a number, text or bytes expected")
        return value

    def texts(self, number: int) -> list[str]:
        """Every value of a repeated string field."""
        return [self._decoded(number, value) for value in self.fields.get(number, []) if isinstance(value, bytes)]

    def flag(self, number: int) -> bool:
        """A bool field."""
        return bool(self.fields.get(number, [0])[-1])

    def numbers(self, number: int) -> list[int]:
        """Every value of a repeated integer field, packed or not."""
        numbers: list[int] = []
        for value in self.fields.get(number, []):
            if isinstance(value, int):
                numbers.append(value)
                continue
            at = 0
            while at < len(value):
                one, at = _read_varint(value, at)
                numbers.append(one)
        return numbers

    def _decoded(self, number: int, data: bytes) -> str:
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise Malformed(f"{self.name}: field {number} is not UTF-8") from None


def encode(*fields: tuple[int, Value]) -> bytes:
    """A message of (field number, value); None is left out."""
    out = bytearray()
    for number, value in fields:
        if value is None:
            continue
        if isinstance(value, int):
            out += _varint(number << 3 | VARINT) + _varint(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            out += _varint(number << 3 | BYTES) + _varint(len(data)) + data
    return bytes(out)


def pack(name: str, *fields: tuple[int, Value]) -> bytes:
    """A message inside ``google.protobuf.Any``, as Flight SQL sends commands, tickets and action bodies."""
    return encode((1, PREFIX + name), (2, encode(*fields)))


def unpack(data: bytes) -> Message:
    """Read an ``Any``; ``Malformed`` names what is wrong."""
    outer = Message("Any", _decode(data))
    url = outer.text(1)
    if url is None or not url.startswith(PREFIX):
        raise Malformed(f"not a Flight SQL message: type {url!r}, expected {PREFIX}...")
    return Message(url.removeprefix(PREFIX), _decode(outer.data(2) or b""))


def _decode(data: bytes) -> dict[int, list[int | bytes]]:
    fields: dict[int, list[int | bytes]] = {}
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        value: int | bytes
        if key & 7 == VARINT:
            value, at = _read_varint(data, at)
        else:
            if key & 7 == BYTES:
                length, at = _read_varint(data, at)
            elif key & 7 in (FIXED32, FIXED64):
                length = 4 if key & 7 == FIXED32 else 8
            else:
                raise Malformed(f"wire type {key & 7} at byte {at}")
            value, at = data[at : at + length], at + length
            if at > len(data):
                raise Malformed("ends in the middle of a field")
        fields.setdefault(key >> 3, []).append(value)
    return fields


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):  # ten bytes hold 64 bits
        if at >= len(data):
            raise Malformed("ends in the middle of a number")
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
    raise Malformed("a number of more than 64 bits")
