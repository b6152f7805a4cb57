"""Versions of a row: every load appends its own, the newest counts, and only touched partitions are rebuilt.

A table of versions has one partition for each load (``load_id``) and is written from Bronze alone. A model built from
it with these macros is a function of tables that its own run does not delete from, so a run may be killed before any
statement and be run again (docs/adr/0004).
"""

from typing import Any

from sqlglot import exp, parse_one

from transform.macros.loads import interval


def newest_versions(
    evaluator: Any, versions: exp.Expression, partition: exp.Expression, *key: exp.Expression
) -> exp.Expression:
    """FROM @newest_versions(table, partition column, key columns): the rows of all touched partitions.

    A partition is touched if a key of these loads stands in it, or ever stood. Of each key the row of the newest load
    counts, which may stand in another partition than the older ones.
    """
    table, name = versions.sql("duckdb"), partition.name
    touched = _touched(evaluator, table, name, key).sql("duckdb")
    return parse_one(
        f"""(
          SELECT version.* FROM {table} AS version
          WHERE version.{name} IN ({touched}) AND NOT EXISTS (
            SELECT 1 FROM {table} AS newer WHERE {_same("newer", key)} AND newer.load_id > version.load_id
          )
        )""",
        dialect="duckdb",
    )


def drop_emptied_partitions(
    evaluator: Any, versions: exp.Expression, partition: exp.Expression, *key: exp.Expression
) -> exp.Expression | None:
    """Delete the touched partitions that have lost their last row; stands after the model's query.

    Such a partition is not in the query's result, so no engine's overwrite reaches it.
    """
    if evaluator.runtime_stage != "evaluating":
        return None
    this, name = evaluator.locals["this_model"], partition.name
    table = this.sql("duckdb") if isinstance(this, exp.Expression) else this
    touched = _touched(evaluator, versions.sql("duckdb"), name, key).sql("duckdb")
    standing = newest_versions(evaluator, versions, partition, *key).sql("duckdb")
    return parse_one(
        f"""
        DELETE FROM {table}
        WHERE {name} IN ({touched}) AND {name} NOT IN (SELECT DISTINCT {name} FROM {standing} AS standing)
        """,
        dialect="duckdb",
    )


def _touched(evaluator: Any, table: str, partition: str, key: tuple[exp.Expression, ...]) -> exp.Expression:
    first, last = interval(evaluator)
    columns = ", ".join(column.name for column in key)
    return parse_one(
        f"""
        SELECT DISTINCT version.{partition} FROM {table} AS version
        JOIN (SELECT DISTINCT {columns} FROM {table} WHERE load_id BETWEEN {first} AND {last}) AS touched
          ON {_same("touched", key)}
        """,
        dialect="duckdb",
    )


def _same(other: str, key: tuple[exp.Expression, ...]) -> str:
    return " AND ".join(f"{other}.{column.name} = version.{column.name}" for column in key)
