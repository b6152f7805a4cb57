"""Column types, as clients see them and as they are kept on disk."""

import pyarrow as pa
import pytest

from biaac.errors import PermanentError
from biaac.releases import Column, TableManifest
from cache_service.schemas import answer_schema, client_schema


def manifest(rows: int = 1, **columns: str) -> TableManifest:
    return TableManifest(
        name="gold.orders",
        description="",
        owner="",
        grain=[],
        columns=[Column(name=name, type=kind, description="") for name, kind in columns.items()],
        sorted_by=[],
        rows=rows,
        files=[],
    )


def test_a_type_that_has_no_arrow_type_is_refused_with_table_and_column() -> None:
    with pytest.raises(PermanentError, match=r"gold\.orders\.place: a Gold column cannot be STRUCT\(a INTEGER\)"):
        client_schema(manifest(place="STRUCT(a INTEGER)"))


def test_answers_hold_plain_types_and_microseconds() -> None:
    schema = pa.schema(
        {
            "dictionary": pa.dictionary(pa.int32(), pa.string_view()),
            "view": pa.string_view(),
            "nanoseconds": pa.timestamp("ns", tz="UTC"),
            "list": pa.list_(pa.string_view()),
            "number": pa.decimal128(28, 2),
        }
    )
    assert answer_schema(schema).types == [
        pa.string(),
        pa.string(),
        pa.timestamp("us", tz="UTC"),
        pa.list_(pa.string()),
        pa.decimal128(28, 2),
    ]
