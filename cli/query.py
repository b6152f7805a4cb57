"""``biaac query``: SQL to the cache service over ADBC Flight SQL, as any other client would ask it."""

import sys
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from biaac import flight
from cli.settings import Settings

ROWS_SHOWN = 200  # of a table for people; csv, json and arrow give every row
HEADER = "adbc.flight.sql.rpc.call_header."
TIMEOUT = "adbc.flight.sql.rpc.timeout_seconds.fetch"
TIMEOUT_S = 120.0  # the service stops a query long before; this is for a service that has gone


class Format(StrEnum):
    """How the answer is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    ARROW = "arrow"


def query(
    sql: Annotated[str, typer.Argument(help="One SELECT in DataFusion's dialect; tables: gold.*, biaac.*")],
    release: Annotated[str | None, typer.Option(help="Ask this release instead of the current one.")] = None,
    format: Annotated[Format, typer.Option(help="arrow: an IPC stream on standard output.")] = Format.TABLE,
) -> None:
    """Ask the published data.

    Example: biaac query "SELECT country, SUM(amount) FROM gold.orders GROUP BY 1 ORDER BY 2 DESC"
    """
    import adbc_driver_manager

    try:
        answer = ask(Settings.load().cache_url, sql, release)
    except adbc_driver_manager.Error as error:
        typer.secho(reason(error), fg=typer.colors.RED, err=True)
        raise typer.Exit(1) from None
    write(answer, format)


def ask(url: str, sql: str, release: str | None) -> Any:
    """The answer as a ``pyarrow.Table``; ``adbc_driver_manager.Error`` otherwise."""
    import adbc_driver_flightsql.dbapi

    options = {HEADER + name: value for name, value in flight.headers(url, release).items()}
    with (
        adbc_driver_flightsql.dbapi.connect(
            url, db_kwargs=options, conn_kwargs={TIMEOUT: str(TIMEOUT_S)}, autocommit=True
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
        return cursor.fetch_arrow_table()


def reason(error: Exception) -> str:
    """The service's own words (``SQLSTATE: what, and what next``) without the layers around them."""
    text = str(error).partition("[FlightSQL] ")[2] or str(error)
    return text.partition(". Detail: ")[0].partition(" (Unknown;")[0].partition(" (Unavailable;")[0]


def write(answer: Any, format: Format) -> None:
    """Print ``answer`` (a ``pyarrow.Table``)."""
    import json

    import pyarrow as pa
    from pyarrow import csv

    match format:
        case Format.TABLE:
            _table(answer)
        case Format.JSON:
            print(json.dumps(answer.to_pylist(), default=str, ensure_ascii=False, indent=1))
        case Format.CSV:
            csv.write_csv(answer, sys.stdout.buffer)
        case Format.ARROW:
            with pa.ipc.new_stream(sys.stdout.buffer, answer.schema) as stream:
                stream.write_table(answer)


def _table(answer: Any) -> None:
    from pyarrow import types

    shown = Table()
    numbers = (types.is_integer, types.is_floating, types.is_decimal)
    for field in answer.schema:
        shown.add_column(Text(field.name), justify="right" if any(is_(field.type) for is_ in numbers) else "left")
    for row in answer.slice(0, ROWS_SHOWN).to_pylist():
        shown.add_row(*(Text("" if value is None else _for_people(value)) for value in row.values()))
    console = Console()
    console.print(shown)
    more = f", the first {ROWS_SHOWN} shown" if answer.num_rows > ROWS_SHOWN else ""
    console.print(f"{answer.num_rows:,} rows{more}")


def _for_people(value: object) -> str:
    from decimal import Decimal

    return f"{value:,}" if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) else str(value)
