"""Messages between the front and a worker over a socket pair: a JSON header and, after it, plain bytes.

Front to worker: a statement. Worker to front: ``begun``; any number of ``need`` (a table's name), each answered with
the files and rows of that table; at last the answer or an error. So a worker learns of a table only when its planner
asks for it, and the tables asked for are exactly those an answer depends on.
"""

import json
import socket
import struct
import time
from typing import Any

SIZES = struct.Struct("<IQ")  # header, payload


def send(channel: socket.socket, header: dict[str, Any], payload: Any = b"") -> None:
    """Send one message; ``payload`` is bytes or an Arrow buffer."""
    data = json.dumps(header).encode()
    channel.sendall(SIZES.pack(len(data), len(payload)) + data)
    if len(payload):
        channel.sendall(payload)


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
