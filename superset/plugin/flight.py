"""Flight SQL in one round trip: DoGet with a ticket that holds the statement.

The command is two protobuf messages of one and two text fields; writing them by hand saves a protobuf dependency.
Source: https://arrow.apache.org/docs/format/FlightSql.html
"""

import os
from functools import lru_cache

import pyarrow as pa
from pyarrow import flight

from biaac import identity

MESSAGES = "type.googleapis.com/arrow.flight.protocol.sql."
TIMEOUT_S = 60  # the service ends a query earlier and says why
RELEASE_HEADER = b"x-biaac-release"


def query(url: str, statement: str, *, release: str | None) -> pa.Table:
    """Run ``statement`` at the cache service ``url`` (``grpc[+tls]://host:port``), on ``release`` if one is given."""
    return _get(url, command("CommandStatementQuery", _text(1, statement.encode())), release)


def tables(url: str, *, release: str | None) -> list[tuple[str, str]]:
    """Schema and name of every table the service has."""
    found = _get(url, command("CommandGetTables"), release)
    return list(zip(found["db_schema_name"].to_pylist(), found["table_name"].to_pylist(), strict=True))


def command(name: str, fields: bytes = b"") -> bytes:
    """A Flight SQL message in a ``google.protobuf.Any``."""
    return _text(1, (MESSAGES + name).encode()) + _text(2, fields)


def _get(url: str, ticket: bytes, release: str | None) -> pa.Table:
    headers = [(RELEASE_HEADER, release.encode())] if release else []
    if authorization := identity.authorization(url):
        headers.append((b"authorization", authorization.encode()))
    options = flight.FlightCallOptions(timeout=TIMEOUT_S, headers=headers)
    return _client(url, os.getpid()).do_get(flight.Ticket(ticket), options).read_all()


@lru_cache
def _client(url: str, _process: int) -> flight.FlightClient:
    """One channel per process and service: gRPC shares it among threads, and it must not cross a fork."""
    return flight.connect(url)


def _text(field: int, value: bytes) -> bytes:
    """A length-delimited protobuf field."""
    return bytes([field << 3 | 2]) + _varint(len(value)) + value


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
