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


def test_columns_come_as_an_arrow_schema() -> None:
    (row,) = ask("CommandGetTables", (3, "orders"), (5, 1))
    assert pa.ipc.read_schema(pa.py_buffer(row["table_schema"])).names == ["order_id"]


def test_the_grain_is_the_primary_key() -> None:
    rows = ask("CommandGetPrimaryKeys", (3, "orders"))
    assert [(row["column_name"], row["key_sequence"]) for row in rows] == [("order_id", 1), ("product_id", 2)]


def test_sql_info_tells_name_and_that_nothing_can_be_written() -> None:
    rows = ask("CommandGetSqlInfo", (1, b"\x00\x03"))
    assert [(row["info_name"], row["value"]) for row in rows] == [(0, "biaac cache service"), (3, True)]


def test_a_command_that_is_not_supported_is_named() -> None:
    with pytest.raises(QueryError, match="CommandGetXdbcTypeInfo is not supported"):
        ask("CommandGetXdbcTypeInfo")
