"""The SQL of macros, run by DuckDB, where no model of the small company asks for it."""

from types import SimpleNamespace
from typing import Any

import duckdb
from sqlglot import exp

from transform.macros import versions

ROWS = """
CREATE TABLE versions AS SELECT * FROM (VALUES
  (1, 1, 'April', 1), (1, 2, 'April', 1), (2, 1, 'May', 1), (3, 1, 'June', 1),   -- key, key, month, load
  (1, 2, 'May', 2), (4, NULL, 'July', 1), (4, NULL, NULL, 2), (NULL, NULL, 'July', 1), (5, 1, 'August', 1)
) AS row (basket, product, month, load_id)
"""


def test_a_key_of_two_columns_is_matched_by_both_and_null_is_a_value_of_each() -> None:
    locals_ = {"start_ts": "0000-00-00 00:02", "end_ts": "0000-00-00 00:02"}
    evaluator: Any = SimpleNamespace(locals=locals_, runtime_stage="evaluating")
    arguments = [exp.to_table("versions"), *(exp.column(name) for name in ("month", "basket", "product"))]
    newest = versions.newest_versions(evaluator, *arguments).sql("duckdb")
    with duckdb.connect() as connection:
        connection.execute(ROWS)
        rows = connection.execute(f"SELECT basket, product, month, load_id FROM {newest} AS newest ORDER BY ALL")
        assert rows.fetchall() == [  # June and August are not touched
            (1, 1, "April", 1),
            (1, 2, "May", 2),
            (2, 1, "May", 1),
            (4, None, None, 2),
            (None, None, "July", 1),
        ]
