"""Column types: DuckDB's names in a manifest -> Arrow, as clients see them, as files on disk hold them, as answers do.

Text is kept as string views, on which DataFusion is fastest, in a table of any size: a dictionary would be smaller on
disk (1.4 GB against 2.1 GB of a six-million-row fact) but grouped half as fast, and answers otherwise. Clients get
plain text.
Workers import this, so nothing of Google's or pydantic's is loaded here.
"""

from typing import TYPE_CHECKING

import pyarrow as pa

from biaac import types
from biaac.types import check_columns

if TYPE_CHECKING:
    from biaac.releases import TableManifest

PLAIN = {
    pa.string_view(): pa.string(),
    pa.large_string(): pa.string(),
    pa.binary_view(): pa.binary(),
    pa.large_binary(): pa.binary(),
    pa.time64("ns"): pa.time64("us"),
}


def arrow_type(kind: str) -> pa.DataType:
    """The Arrow type of a DuckDB type that is carried."""
    if decimal := types.DECIMAL.fullmatch(kind):
        return pa.decimal128(int(decimal[1]), int(decimal[2]))
    name, _, zone = types.CARRIED[kind].partition(", tz=")
    return pa.timestamp("us", tz=zone.rstrip("]")) if zone else pa.type_for_alias(name)


def client_schema(manifest: "TableManifest") -> pa.Schema:
    """The table as clients see it."""
    check_columns(manifest.name, {column.name: column.type for column in manifest.columns})
    return pa.schema([(column.name, arrow_type(column.type)) for column in manifest.columns])


def described_schema(manifest: "TableManifest") -> pa.Schema:
    """The same with what each column means, where Flight SQL's clients look for it."""
    remarks = [{"ARROW:FLIGHT:SQL:REMARKS": column.description} for column in manifest.columns]
    fields = client_schema(manifest)
    return pa.schema([field.with_metadata(remark) for field, remark in zip(fields, remarks, strict=True)])


def disk_schema(manifest: "TableManifest") -> pa.Schema:
    """The table as its files on disk hold it: the same for every file of one release."""
    return pa.schema(
        [field.with_type(pa.string_view()) if field.type == pa.string() else field for field in client_schema(manifest)]
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
    return pa.schema([(field.name, answer_type(field.type)) for field in schema])
