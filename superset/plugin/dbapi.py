"""DB-API 2.0 (PEP 249) over ``plugin.flight``: what SQLAlchemy and Superset call; read-only, without parameters."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from typing import Any, Self

import pyarrow as pa

from plugin import flight
from plugin.release import current_release

apilevel = "2.0"
threadsafety = 2  # threads may share the module and connections
paramstyle = "qmark"  # never used; the others would make SQLAlchemy double every percent sign

_record: ContextVar[list[str] | None] = ContextVar("record", default=None)


class Error(Exception):
    """Base of what this driver raises."""


class OperationalError(Error):
    """The service does not answer, or not in time."""


class ProgrammingError(Error):
    """The statement is wrong."""


@contextmanager
def recording() -> Iterator[list[str]]:
    """Collect every statement that is run inside: only Superset can say what SQL its charts become."""
    statements: list[str] = []
    token = _record.set(statements)
    try:
        yield statements
    finally:
        _record.reset(token)


def connect(url: str) -> "Connection":
    """A connection is an address: the channel behind it is shared, so Superset's connect per query costs nothing."""
    return Connection(url)


class Connection:
    """PEP 249 connection; there are no transactions."""

    def __init__(self, url: str) -> None:
        self.url = url

    def cursor(self) -> "Cursor":
        return Cursor(self.url)

    def tables(self) -> list[tuple[str, str]]:
        """Schema and name of every table (not of PEP 249; the dialect's)."""
        with clean_errors(self.url):
            return flight.tables(self.url, release=current_release())

    def close(self) -> None:
        """Nothing to do: the service is read-only, and the channel stays for the next connection."""

    commit = rollback = close


class Cursor:
    """PEP 249 cursor over one result, whole in memory: the service caps it."""

    arraysize = 1000

    def __init__(self, url: str) -> None:
        self._url = url
        self._rows: Iterator[tuple[Any, ...]] = iter(())
        self.description: list[tuple[Any, ...]] | None = None
        self.rowcount = -1

    def execute(self, operation: str, parameters: Any = None) -> Self:
        """Run a statement on the release that this request sees."""
        if parameters:
            raise ProgrammingError(f"bind parameters are not supported, found {parameters!r}")
        record = _record.get()
        if record is not None:
            record.append(operation)
        with clean_errors(self._url):
            table = flight.query(self._url, operation, release=current_release())
        self.description = [
            (field.name, type_name(field.type), None, None, None, None, field.nullable) for field in table.schema
        ]
        self.rowcount = table.num_rows
        self._rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
        return self

    def fetchone(self) -> tuple[Any, ...] | None:
        return next(self._rows, None)

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        return list(islice(self._rows, size or self.arraysize))

    def fetchall(self) -> list[tuple[Any, ...]]:
        return list(self._rows)

    def close(self) -> None:
        self._rows = iter(())


def type_name(of: pa.DataType) -> str:
    """The SQL name of an Arrow type: what Superset shows, and decides number, text and time by."""
    if pa.types.is_decimal(of):
        return f"DECIMAL({of.precision},{of.scale})"
    for matches, name in _TYPES:
        if matches(of):
            return name
    return str(of).upper()


_TYPES = [
    (pa.types.is_boolean, "BOOLEAN"),
    (pa.types.is_integer, "BIGINT"),
    (pa.types.is_floating, "DOUBLE"),
    (pa.types.is_timestamp, "TIMESTAMP"),
    (pa.types.is_date, "DATE"),
    (pa.types.is_time, "TIME"),
    (pa.types.is_string, "VARCHAR"),
]


@contextmanager
def clean_errors(url: str) -> Iterator[None]:
    """Arrow's errors as this module's, in the service's own words."""
    try:
        yield
    except (pa.flight.FlightUnavailableError, pa.flight.FlightTimedOutError) as error:
        raise OperationalError(f"cache service {url}: {_clean(str(error))}") from error
    except (pa.ArrowException, pa.flight.FlightError) as error:
        raise ProgrammingError(_clean(str(error))) from error


def _clean(message: str) -> str:
    """The service's own words: gRPC adds its addresses, and Arrow its class, before and behind them."""
    message = re.split(r"\. (?:gRPC )?[Cc]lient (?:debug )?context:|\. Detail: ", message, maxsplit=1)[0]
    return re.sub(r"^Flight (?:error with|returned) [a-z ]+ error(?:, with message)?: ", "", message)
