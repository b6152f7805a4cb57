"""The plain types answers have. Imported by workers, hence nothing of Google's or of the releases here."""

import pyarrow as pa

PLAIN = {
    pa.string_view(): pa.string(),
    pa.large_string(): pa.string(),
    pa.binary_view(): pa.binary(),
    pa.large_binary(): pa.binary(),
    pa.time64("ns"): pa.time64("us"),
}


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
