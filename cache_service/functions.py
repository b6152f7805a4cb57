"""Functions that DataFusion lacks, or answers otherwise than DuckDB: over whole Arrow arrays, under names of our own.

They compute in microseconds from year 1 to 9999 (DataFusion's own date functions take nanoseconds: 1677 to 2262) and
raise where a number does not fit (its own arithmetic wraps).
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import datafusion
import pyarrow as pa
import pyarrow.compute as pc

TIME = pa.timestamp("us")
UNITS = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")
BUCKETS_START = 946_857_600  # 2000-01-03, a Monday: where DuckDB's time_bucket begins


def of_each(function: Callable[[Any], object], kind: pa.DataType) -> Callable[[pa.Array], pa.Array]:
    """A function of one value as one of an array: called once for each different value."""

    def of_array(values: pa.Array) -> pa.Array:
        encoded = values.dictionary_encode()
        results = [None if value is None else function(value) for value in encoded.dictionary.to_pylist()]
        return pa.array(results, kind).take(encoded.indices)

    return of_array


def text_of_time(value: datetime) -> str:
    """``2017-01-31 08:00:00.5``: without a T, and no more digits than there are."""
    return value.isoformat(" ").rstrip("0") if value.microsecond else value.isoformat(" ")


def formatted(times: pa.Array, form: pa.Scalar | pa.Array) -> pa.Array:
    """``strftime``; the C library writes the year 7 with one digit."""
    text = form[0].as_py() if isinstance(form, pa.Array) else form.as_py()
    fine = re.search(r"%-?[HMSfIpgTXcn]", text)
    values = times if fine else times.cast(pa.date32(), safe=False)
    return of_each(lambda value: value.strftime(text.replace("%Y", f"{value.year:04}")), pa.string())(values)


def bucket_start(seconds: pa.Array, times: pa.Array) -> pa.Array:
    """Start of the interval of that length in which a time lies; they are counted from where DuckDB counts them."""
    size = seconds[0].as_py()
    origin = pa.scalar(timedelta(seconds=BUCKETS_START % size), pa.duration("us"))
    return pc.add(pc.floor_temporal(pc.subtract(times, origin), size, "second"), origin)


def month_end(times: pa.Array) -> pa.Array:
    """The last day of its month."""
    following = pc.ceil_temporal(times, 1, "month", ceil_is_strictly_greater=True).cast(pa.date32())
    return pc.subtract(following.cast(pa.int32()), pa.scalar(1, pa.int32())).cast(pa.date32())


def register(context: datafusion.SessionContext) -> None:
    """Make every function known to a context."""

    def define(name: str, function: Callable[..., pa.Array], takes: list[pa.DataType], gives: pa.DataType) -> None:
        context.register_udf(datafusion.udf(function, takes, gives, "immutable", name))

    for operation in ("add", "subtract", "multiply"):
        define(f"checked_{operation}", getattr(pc, f"{operation}_checked"), [pa.int64()] * 2, pa.int64())
    for unit in UNITS:
        define(f"{unit}_start", lambda times, unit=unit: pc.floor_temporal(times, 1, unit), [TIME], TIME)
    define("bucket_start", bucket_start, [pa.int64(), TIME], TIME)
    define("month_end", month_end, [TIME], pa.date32())
    define("formatted", formatted, [TIME, pa.string()], pa.string())
    define("nearest", lambda values: pc.round(values, round_mode="half_to_even"), [pa.float64()], pa.float64())
    define("text_of_double", of_each(repr, pa.string()), [pa.float64()], pa.string())  # 1.0, 1e+20, nan, inf
    define("text_of_time", of_each(text_of_time, pa.string()), [TIME], pa.string())
