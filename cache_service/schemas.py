"""Column types: DuckDB's names in a manifest -> Arrow, as clients see them, as files on disk hold them, as answers do.

Text is kept in the form DataFusion is fastest on: dictionary-encoded in large tables (a department repeats a million
times: 1.4 GB resident against 2.1 GB on a six-million-row fact), string views in small ones. Clients get plain text.
Workers import this, so nothing of Google's or pydantic's is loaded here.
"""

import re
from typing import TYPE_CHECKING

import pyarrow as pa

from biaac.errors import PermanentError

if TYPE_CHECKING:
    from biaac.releases import TableManifest

LARGE = 500_000  # rows: dimensions stay below it, facts do not

SCALARS = {
    "BOOLEAN": pa.bool_(),
    "TINYINT": pa.int8(),
    "SMALLINT": pa.int16(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "HUGEINT": pa.decimal128(38, 0),
    "UTINYINT": pa.uint8(),
    "USMALLINT": pa.uint16(),
    "UINTEGER": pa.uint32(),
    "UBIGINT": pa.uint64(),
    "FLOAT": pa.float32(),
    "DOUBLE": pa.float64(),
    "VARCHAR": pa.string(),
    "UUID": pa.string(),
    "JSON": pa.string(),
    "BLOB": pa.binary(),
    "DATE": pa.date32(),
    "TIME": pa.time64("us"),
    "TIMESTAMP_S": pa.timestamp("s"),
    "TIMESTAMP_MS": pa.timestamp("ms"),
    "TIMESTAMP": pa.timestamp("us"),
    "TIMESTAMP_NS": pa.timestamp("ns"),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", tz="UTC"),
}

PLAIN = {
    pa.string_view(): pa.string(),
    pa.large_string(): pa.string(),
    pa.binary_view(): pa.binary(),
    pa.large_binary(): pa.binary(),
    pa.time64("ns"): pa.time64("us"),
}


def arrow_type(name: str) -> pa.DataType:
    """The Arrow type of DuckDB's ``name``; ``ValueError`` for those no Gold table may have yet."""
    if name.endswith("[]"):
        return pa.list_(arrow_type(name[:-2]))
    if match := re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", name):
        return pa.decimal128(int(match[1]), int(match[2]))
    if name not in SCALARS:
        raise ValueError(f"no Arrow type for {name}; there are DECIMAL(p,s), T[] and {', '.join(SCALARS)}")
    return SCALARS[name]


def client_schema(manifest: "TableManifest") -> pa.Schema:
    """The table as clients see it."""
    fields = []
    for column in manifest.columns:
        try:
            fields.append(pa.field(column.name, arrow_type(column.type)))
        except ValueError as error:
            raise PermanentError(f"{manifest.name}.{column.name}: {error}") from None
    return pa.schema(fields)


def disk_schema(manifest: "TableManifest") -> pa.Schema:
    """The table as its files on disk hold it: the same for every file of one release."""
    text = pa.dictionary(pa.int32(), pa.string()) if manifest.rows >= LARGE else pa.string_view()
    return pa.schema(
        [field.with_type(text) if field.type == pa.string() else field for field in client_schema(manifest)]
    )


def answer_type(kind: pa.DataType) -> pa.DataType:
    """The plain form of a type in an answer: text as text, and times in microseconds.

    DataFusion's date functions answer nanoseconds, which no Python ``datetime`` holds; no Gold column needs them.
    """
    if kind in PLAIN:
        return PLAIN[kind]
    if pa.types.is_dictionary(kind):
        return answer_type(kind.value_type)
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", tz=kind.tz)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(answer_type(kind.value_type))
    return kind


def answer_schema(schema: pa.Schema) -> pa.Schema:
    """``answer_type`` of every column."""
    return pa.schema([field.with_type(answer_type(field.type)).remove_metadata() for field in schema])
