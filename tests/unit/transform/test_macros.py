"""The SQL of macros, run by DuckDB, where no model of the small company asks for it."""

from types import SimpleNamespace
from typing import Any

import duckdb
from sqlglot import exp

from transform.macros import versions

ROWS = """
CREATE TABLE versions AS SELECT * FROM (VALUES
  (1, 1, 'April', 1), (1, 2, 'April', 1), (2, 1, 'May', 1), (3, 1, 'June', 1),   -- key, key, month, load
  (1, 2, 'May', 2)
) AS row (basket, product, month, load_id)
"""


def test_a_key_of_two_columns_is_matched_by_both() -> None:
    evaluator: Any = SimpleNamespace(
        locals={"start_ts": "0000-00-00 00:02", "end_ts": "0000-00-00 00:02", "this_model": "months"},
        runtime_stage="evaluating",
    )
    arguments = [exp.to_table("versions"), *(exp.column(name) for name in ("month", "basket", "product"))]
    newest = versions.newest_versions(evaluator, *arguments).sql("duckdb")
    emptied = versions.drop_emptied_partitions(evaluator, *arguments)
    assert emptied is not None
    with duckdb.connect() as connection:
        connection.execute(ROWS)
        rows = connection.execute(f"SELECT basket, product, month, load_id FROM {newest} AS newest ORDER BY ALL")
        assert rows.fetchall() == [(1, 1, "April", 1), (1, 2, "May", 2), (2, 1, "May", 1)]  # June is not touched
        connection.execute("DELETE FROM versions WHERE product = 1 AND month = 'April'")
        connection.execute("CREATE TABLE months AS SELECT DISTINCT month FROM versions")
        connection.execute(emptied.sql("duckdb"))
        assert connection.execute("FROM months ORDER BY ALL").fetchall() == [("June",), ("May",)]  # April is empty
