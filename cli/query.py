"""``biaac query``: SQL to the cache service over ADBC Flight SQL, as any other client would ask it."""

import math
import re
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from biaac import flight
from biaac.errors import BiaacError, PermanentError, TransientError
from cli.session import print_json
from cli.settings import Settings

ROWS_SHOWN = 200  # of a table for people; every other form gives every row
HEADER = "adbc.flight.sql.rpc.call_header."
TIMEOUT = "adbc.flight.sql.rpc.timeout_seconds.fetch"
TIMEOUT_S = 120.0  # the service stops a query long before; this is for a service that has gone


class Format(StrEnum):
    """How the answer is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def query(
    sql: Annotated[str, typer.Argument(help="One SELECT in DuckDB's SQL; tables: gold.*, biaac.*")],
    release: Annotated[str | None, typer.Option(help="Ask this release instead of the current one.")] = None,
    format: Annotated[Format, typer.Option(help="On standard output.")] = Format.TABLE,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write every row to this file, as CSV.")] = None,
    parquet: Annotated[Path | None, typer.Option("--parquet", help="Write every row to this file.")] = None,
) -> None:
    """Ask the published data.

    Example: biaac query "SELECT country, SUM(amount) FROM gold.orders GROUP BY 1 ORDER BY 2 DESC"
    """
    from pyarrow import csv as arrow_csv
    from pyarrow import parquet as arrow_parquet

    answer = ask(Settings.load().cache_url, sql, release)
    try:
        if csv:
            arrow_csv.write_csv(answer, csv)
        if parquet:
            arrow_parquet.write_table(answer, parquet)
    except OSError as error:
        raise PermanentError(f"the rows cannot be written: {error}", hint="name a file in a folder of yours") from None
    for path in filter(None, (csv, parquet)):
        print(f"{answer.num_rows:,} rows in {path}")
    if csv or parquet:
        return
    match format:
        case Format.TABLE:
            _print_table(answer)
        case Format.JSON:
            rows = [dict(zip(answer.column_names, row, strict=True)) for row in _rows(answer)]
            print_json(rows)
        case Format.CSV:
            arrow_csv.write_csv(answer, sys.stdout.buffer)


def ask(url: str, sql: str, release: str | None) -> Any:
    """The answer as a ``pyarrow.Table``; ``BiaacError`` in the service's own words where it refuses."""
    import adbc_driver_flightsql.dbapi
    import adbc_driver_manager

    options = {HEADER + name: value for name, value in flight.headers(url, release).items()}
    calls = {TIMEOUT: str(TIMEOUT_S)}
    try:
        with (
            adbc_driver_flightsql.dbapi.connect(url, options, conn_kwargs=calls, autocommit=True) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
            return cursor.fetch_arrow_table()
    except adbc_driver_manager.Error as error:
        raise _refusal(url, str(error)) from None


def _refusal(url: str, text: str) -> BiaacError:
    """The service's own words, ``SQLSTATE: what``, out of the layers around them; or that it does not answer."""
    ends = r"\. Detail: | \((?:Unknown|Unavailable|InvalidArgument|Unimplemented|Cancelled);"
    words = re.split(ends, text.partition("[FlightSQL] ")[2] or text)[0]
    if re.match(r"[0-9A-Z]{5}: ", words):
        return PermanentError(words)
    reason = "" if "(Unavailable;" in text else f": {words}"
    return TransientError(f"the cache service does not answer at {url}{reason}", hint="biaac doctor")


def _print_table(answer: Any) -> None:
    from pyarrow import types

    shown = Table()
    numbers = (types.is_integer, types.is_floating, types.is_decimal)
    for field in answer.schema:
        shown.add_column(Text(field.name), justify="right" if any(is_(field.type) for is_ in numbers) else "left")
    for row in _rows(answer.slice(0, ROWS_SHOWN)):
        shown.add_row(*(Text("" if value is None else _for_people(value)) for value in row))
    console = Console()
    console.print(shown)
    more = f", the first {ROWS_SHOWN} shown" if answer.num_rows > ROWS_SHOWN else ""
    console.print(f"{answer.num_rows:,} rows{more}")


def _rows(answer: Any) -> Iterator[tuple[Any, ...]]:
    """Rows as Python values; what Python or JSON has no value for (the year 10000, infinity) as text."""

    def values(column: Any) -> Any:
        try:
            plain = column.to_pylist()
        except (OverflowError, ValueError):
            plain = column.cast("string").to_pylist()
        return [str(value) if isinstance(value, float) and not math.isfinite(value) else value for value in plain]

    return zip(*map(values, answer.columns), strict=True)


def _for_people(value: object) -> str:
    from decimal import Decimal

    return f"{value:,}" if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) else str(value)
