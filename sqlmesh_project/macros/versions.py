"""Versions of a row: every load appends its own, the newest counts, and only touched partitions are rebuilt.

A table of versions has one partition for each load (``load_id``) and is written from Bronze alone. A model built from
it with these macros is a function of tables that its own run does not delete from, so a run may be killed before any
statement and be run again (docs/adr/0004).
"""

from typing import Any

from sqlglot import exp, parse_one
from sqlmesh import macro


@macro()
def of_these_loads(evaluator: Any, load_id: exp.Expression) -> exp.Expression:
    """Whether ``load_id`` is one of the loads that this run works on."""
    first, last = (_load_id(evaluator.locals.get(bound)) for bound in ("start_ts", "end_ts"))
    return parse_one(f"{load_id.sql('duckdb')} BETWEEN {first} AND {last}", dialect="duckdb")


@macro()
def newest_versions(_: Any, versions: exp.Expression, *key: exp.Expression) -> exp.Expression:
    """FROM @newest_versions(table, key columns): each key's row of the newest load."""
    table, columns = versions.sql("duckdb"), ", ".join(column.name for column in key)
    same = " AND ".join(f"newest.{column.name} = version.{column.name}" for column in key)
    return parse_one(
        f"""(
          SELECT version.*
          FROM {table} AS version
          LEFT JOIN (
            SELECT {columns}, MAX(load_id) AS load_id FROM {table} GROUP BY {columns} HAVING COUNT(*) > 1
          ) AS newest ON {same}
          WHERE version.load_id = COALESCE(newest.load_id, version.load_id)
        )""",
        dialect="duckdb",
    )


@macro()
def touched_partitions(
    evaluator: Any, versions: exp.Expression, partition: exp.Expression, *key: exp.Expression
) -> exp.Expression:
    """SELECT every value of ``partition`` in which a key of these loads stands, or ever stood."""
    table, columns = versions.sql("duckdb"), ", ".join(column.name for column in key)
    first, last = (_load_id(evaluator.locals.get(bound)) for bound in ("start_ts", "end_ts"))
    same = " AND ".join(f"touched.{column.name} = version.{column.name}" for column in key)
    return parse_one(
        f"""
        SELECT DISTINCT version.{partition.name}
        FROM {table} AS version
        JOIN (SELECT DISTINCT {columns} FROM {table} WHERE load_id BETWEEN {first} AND {last}) AS touched ON {same}
        """,
        dialect="duckdb",
    )


@macro()
def drop_emptied_partitions(
    evaluator: Any, versions: exp.Expression, partition: exp.Expression, *key: exp.Expression
) -> exp.Expression | None:
    """Delete the touched partitions that have lost their last row; stands after the model's query.

    Such a partition is not in the query's result, so no engine's overwrite reaches it.
    """
    if evaluator.runtime_stage != "evaluating":
        return None
    touched = touched_partitions(evaluator, versions, partition, *key)
    standing = newest_versions(evaluator, versions, *key)
    this = evaluator.locals["this_model"]
    table = this.sql("duckdb") if isinstance(this, exp.Expression) else this
    name = partition.name
    return parse_one(
        f"""
        DELETE FROM {table} WHERE {name} IN ({touched.sql("duckdb")})
        AND {name} NOT IN (SELECT {name} FROM {standing.sql("duckdb")} AS standing
                           WHERE {name} IN ({touched.sql("duckdb")}))
        """,
        dialect="duckdb",
    )


def _load_id(timestamp: str | None) -> int:
    """2026-11-24 06:05:00 -> 202611240605; 0 while SQLMesh only loads the model and gives no interval."""
    return int("".join(c for c in timestamp[:16] if c.isdigit())) if timestamp else 0
