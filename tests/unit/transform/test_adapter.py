"""Rows that are replaced by key or by partition: the keys compare as GROUP BY compares."""

from typing import Any

import duckdb
import pytest
from sqlglot import exp, parse_one

from transform.adapter import Adapter

TYPES = {name: exp.DataType.build(kind) for name, kind in {"a": "TEXT", "b": "TEXT", "n": "INT"}.items()}
NEW = "SELECT n, b, a FROM (VALUES ('x', NULL, 10), ('x', NULL, 10), (NULL, NULL, 20)) AS t(a, b, n)"


@pytest.mark.parametrize(
    ("unique", "expected"),
    [
        (True, [("x", "y", 2), ("x", None, 10), (None, "x", 4), (None, None, 20)]),
        (False, [("x", "y", 2), ("x", None, 10), ("x", None, 10), (None, "x", 4), (None, None, 20)]),
    ],
)
def test_null_is_a_value_of_each_key(unique: bool, expected: list[Any]) -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE rows (a TEXT, b TEXT, n INT)")
        connection.execute("INSERT INTO rows VALUES ('x', NULL, 1), ('x', 'y', 2), (NULL, 'x', 4), (NULL, NULL, 5)")
        adapter = Adapter(connection.cursor)
        key = [exp.column("a"), exp.column("b")]
        adapter._replace_by_key("rows", parse_one(NEW, dialect="duckdb"), TYPES, key, unique)
        assert connection.execute("SELECT * FROM rows ORDER BY ALL").fetchall() == expected
