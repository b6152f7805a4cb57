"""Flight SQL in one round trip: DoGet with a ticket that holds the statement (ADBC would make two calls of it)."""

import os
from functools import lru_cache

import pyarrow as pa
from pyarrow import flight

from biaac.flight import options, pack

TIMEOUT_S = 60  # the service ends a query earlier, with its reason


def query(url: str, statement: str, *, release: str | None) -> pa.Table:
    """Run ``statement`` at the cache service ``url`` (``grpc[+tls]://host:port``), on ``release`` if one is given."""
    return _get(url, pack("CommandStatementQuery", (1, statement)), release)


def tables(url: str, *, release: str | None) -> list[tuple[str, str]]:
    """Schema and name of every table the service has."""
    table = _get(url, pack("CommandGetTables"), release)
    return list(zip(table["db_schema_name"].to_pylist(), table["table_name"].to_pylist(), strict=True))


def _get(url: str, ticket: bytes, release: str | None) -> pa.Table:
    call = options(url, timeout=TIMEOUT_S, release=release)
    return _client(url, os.getpid()).do_get(flight.Ticket(ticket), call).read_all()


@lru_cache
def _client(url: str, _process: int) -> flight.FlightClient:
    """One channel per process and service: gRPC shares it among threads, and it must not cross a fork."""
    return flight.connect(url)
