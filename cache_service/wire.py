"""What front and worker agree on: limits, and messages over a socket pair (a JSON header, then plain bytes).

Front to worker: a statement. Worker to front: ``begun``; any number of ``need`` (a table's name), each answered with
the files and rows of that table; at last the answer or an error. So a worker learns of a table only when its planner
needs it, and those tables are exactly the ones that an answer depends on.
"""

import json
import select
import socket
import struct
import time
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

CATALOG = "lake"  # of every schema, in statements and metadata
SIZES = struct.Struct("<IQ")  # header, payload


@dataclass(frozen=True)
class Limits:
    """What one worker and one answer may use; given to a worker when it starts."""

    memory: int  # bytes, private to the process
    cpu_seconds: int  # of one statement, over all threads
    rows: int  # of one answer
    answer_bytes: int
    partitions: int  # threads of one statement
    spill: str = ""  # a folder of this worker's own


def send(channel: socket.socket, header: dict[str, Any], payload: Any = b"") -> None:
    """Send one message; ``payload`` is bytes or an Arrow buffer."""
    data = json.dumps(header).encode()
    channel.sendall(SIZES.pack(len(data), len(payload)) + data)
    if len(payload):
        channel.sendall(payload)


def readable(channel: socket.socket, seconds: float) -> bool:
    """Whether there is something to receive, or the other side has gone, after so long at most."""
    poller = select.poll()  # select() takes no descriptor above 1023
    poller.register(channel, select.POLLIN)
    return bool(poller.poll(seconds * 1000))


def receive(channel: socket.socket, *, until: float | None = None) -> tuple[dict[str, Any], bytearray]:
    """The next message.

    Raises ``EOFError`` when the other side is gone, ``TimeoutError`` when it is not complete at ``until`` (monotonic).
    """
    usual = channel.gettimeout()
    try:
        header_size, payload_size = SIZES.unpack(_exactly(channel, SIZES.size, until))
        header = json.loads(_exactly(channel, header_size, until))
        return header, _exactly(channel, payload_size, until)
    finally:
        channel.settimeout(usual)


def to_stream(table: pa.Table) -> pa.Buffer:
    """Rows as an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue()


def from_stream(data: Any) -> pa.Table:
    """The rows of an Arrow IPC stream (bytes or a buffer)."""
    with pa.ipc.open_stream(data) as stream:
        return stream.read_all()


def _exactly(channel: socket.socket, size: int, until: float | None) -> bytearray:
    data = bytearray(size)
    rest = memoryview(data)
    while rest:
        if until is not None:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            channel.settimeout(left)
        received = channel.recv_into(rest)
        if not received:
            raise EOFError
        rest = rest[received:]
    return data
