"""Types that a Gold column may have: each goes unharmed through Parquet, the cache service, Superset and CSV.

Any other is refused when its model is built, with what to write instead; ``docs/reference/types.md`` shows both.
"""

import re
from collections.abc import Mapping

from biaac.errors import PermanentError

# DuckDB's name -> Arrow's. Seconds and milliseconds are kept as microseconds, JSON as its text.
CARRIED = {
    "BOOLEAN": "bool",
    "TINYINT": "int8",
    "SMALLINT": "int16",
    "INTEGER": "int32",
    "BIGINT": "int64",
    "DOUBLE": "double",
    "VARCHAR": "string",
    "JSON": "string",
    "DATE": "date32",
    "TIME": "time64[us]",
    "TIMESTAMP": "timestamp[us]",
    "TIMESTAMP_S": "timestamp[us]",
    "TIMESTAMP_MS": "timestamp[us]",
    "TIMESTAMP WITH TIME ZONE": "timestamp[us, tz=UTC]",
}
DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")
INSTEAD = (
    (r"U?HUGEINT", "::DECIMAL(38, 0), or ::BIGINT where it fits"),
    (r"U(TINYINT|SMALLINT|INTEGER)", "::BIGINT"),
    (r"UBIGINT", "::DECIMAL(20, 0)"),
    (r"FLOAT", "::DOUBLE"),
    (r"TIMESTAMP_NS", "::TIMESTAMP"),
    (r"TIME WITH TIME ZONE", "::TIME, or a TIMESTAMPTZ with its date"),
    (r"INTERVAL", "its length as a number: date_diff('second', a, b)"),
    (r"BLOB", "hex(...)"),
    (r".*\[\d*\]$", "array_to_string(..., ', '), or a row for each element"),
    (r"STRUCT", "a column for each field, or to_json(...)::VARCHAR"),
    (r"MAP|UNION", "to_json(...)::VARCHAR"),
    (r"", "::VARCHAR"),  # UUID, ENUM, BIT, and what DuckDB has next
)


def instead(kind: str) -> str | None:
    """What to write instead of a column of DuckDB's type ``kind``; None where that type is carried."""
    if kind in CARRIED or DECIMAL.fullmatch(kind):
        return None
    return next(advice for pattern, advice in INSTEAD if re.match(pattern, kind))


def check_columns(model: str, columns: Mapping[str, str]) -> None:
    """Raise ``PermanentError`` for the first column of a type that is not carried."""
    for name, kind in columns.items():
        if advice := instead(kind):
            raise PermanentError(f"{model}.{name}: a Gold column cannot be {kind}", hint=f"write {advice} in the model")


def outside(column: str, kind: str) -> str | None:
    """DuckDB's condition for values that no reader can show; ``column`` is quoted already. None: there are none."""
    if kind == "DOUBLE":
        return f"NOT isfinite({column})"
    if kind.startswith(("DATE", "TIMESTAMP")):
        return f"NOT isfinite({column}) OR year({column}) NOT BETWEEN 1 AND 9999"
    return None
