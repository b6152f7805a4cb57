"""Airbyte protocol messages on standard output: one JSON object a line."""

import sys
import time
from typing import Any

import orjson


def send(message: dict[str, Any]) -> None:
    """Print one message and flush: what is not a row is waited for."""
    sys.stdout.buffer.write(orjson.dumps(message) + b"\n")
    sys.stdout.buffer.flush()


def log(message: str, *, level: str = "INFO") -> None:
    """A LOG message."""
    send({"type": "LOG", "log": {"level": level, "message": message}})


def stream_status(stream: str, status: str) -> None:
    """A TRACE message: STARTED, RUNNING, COMPLETE or INCOMPLETE."""
    descriptor = {"name": stream}
    trace = {"type": "STREAM_STATUS", "stream_status": {"stream_descriptor": descriptor, "status": status}}
    send({"type": "TRACE", "trace": {**trace, "emitted_at": _now()}})


def error(message: str, *, failure: str) -> None:
    """A TRACE message for what ends this run: ``config_error`` (a person must act) or ``system_error``."""
    trace = {"type": "ERROR", "emitted_at": _now(), "error": {"message": message, "failure_type": failure}}
    send({"type": "TRACE", "trace": trace})


def state(stream: str, value: dict[str, Any], *, rows: int) -> None:
    """A STATE message: every row of ``stream`` up to ``value`` has been sent, ``rows`` of them since the last."""
    descriptor = {"stream_descriptor": {"name": stream}, "stream_state": value}
    send({"type": "STATE", "state": {"type": "STREAM", "stream": descriptor, "sourceStats": {"recordCount": rows}}})


def records(stream: str, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    """RECORD messages of one batch in one write; only the data differs from line to line, so only it is serialised."""
    head = b'{"type":"RECORD","record":{"stream":"%s","emitted_at":%d,"data":' % (stream.encode(), _now())
    tail = b"}}\n"
    data = [orjson.dumps(dict(zip(columns, row, strict=True))) for row in rows]
    sys.stdout.buffer.write(head + (tail + head).join(data) + tail)


def _now() -> int:
    return int(time.time() * 1000)
