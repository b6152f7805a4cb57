"""Metadata commands, answered from the release alone."""

import pyarrow as pa
import pytest

from biaac.flight import Value, pack, unpack
from cache_service import metadata
from cache_service.errors import QueryError
from cache_service.metadata import TableInfo

TABLES = [
    TableInfo("biaac", "releases", pa.schema({"release": pa.string()}), []),
    TableInfo("gold", "daily_orders", pa.schema({"ordered_on": pa.date32()}), ["ordered_on", "channel"]),
    TableInfo("gold", "orders", pa.schema({"order_id": pa.int64()}), ["order_id", "product_id"]),
]


def ask(name: str, *fields: tuple[int, Value]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = metadata.answer(unpack(pack(name, *fields)), TABLES).to_pylist()
    return rows


@pytest.mark.parametrize(
    ("schema", "name", "tables"),
    [
        (None, None, ["releases", "daily_orders", "orders"]),
        ("gold", "%orders", ["daily_orders", "orders"]),
        ("gold", "order_", ["orders"]),
        ("g%", "s.*", []),
        ("%", "", []),
    ],
)
def test_tables_are_filtered_by_like_patterns(schema: str | None, name: str | None, tables: list[str]) -> None:
    assert [row["table_name"] for row in ask("CommandGetTables", (2, schema), (3, name))] == tables


def test_tables_of_another_catalogue_or_kind_are_none() -> None:
    assert ask("CommandGetTables", (1, "other")) == []
    assert ask("CommandGetTables", (4, "VIEW")) == []


def test_the_grain_is_the_primary_key() -> None:
    rows = ask("CommandGetPrimaryKeys", (3, "orders"))
    assert [(row["column_name"], row["key_sequence"]) for row in rows] == [("order_id", 1), ("product_id", 2)]


def test_a_command_that_is_not_supported_is_named() -> None:
    with pytest.raises(QueryError, match="CommandGetXdbcTypeInfo is not supported"):
        ask("CommandGetXdbcTypeInfo")
