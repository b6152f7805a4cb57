"""Versions of a row: every load appends its own, the newest counts, and only touched partitions are rebuilt.

A table of versions has one partition for each load (``load_id``) and is written from Bronze alone. A model built from
it with these macros is a function of tables that its own run does not delete from, so a run may be killed before any
statement and be run again (docs/adr/0004).
"""

from typing import Any

from sqlglot import exp, parse_one
from sqlmesh.core.macros import RuntimeStage

from transform.macros.loads import interval


def newest_versions(
    evaluator: Any, versions: exp.Expression, partition: exp.Expression, *key: exp.Expression
) -> exp.Expression:
    """FROM @newest_versions(table, partition column, key columns): the rows of all touched partitions.

    A partition is touched if a key of these loads stands in it, or ever stood. Of each key the row of the newest load
    counts, which may stand in another partition than the older ones. Keys and partitions compare as GROUP BY compares.
    """
    table, name = versions.sql("duckdb"), partition.name
    touched = _touched(evaluator, table, name, key)
    newest = f"""
      SELECT version.* FROM {table} AS version
      WHERE NOT EXISTS (
        SELECT 1 FROM {table} AS newer WHERE {_same("newer", key)} AND newer.load_id > version.load_id
      )
    """
    # IN, which is never true of NULL, lets DuckDB skip the files of other partitions; IS NOT DISTINCT FROM does not.
    return parse_one(
        f"""(
          {newest} AND version.{name} IN ({touched})
          UNION ALL
          {newest} AND version.{name} IS NULL AND EXISTS (SELECT 1 FROM ({touched}) AS one WHERE one.{name} IS NULL)
        )""",
        dialect="duckdb",
    )


def drop_emptied_partitions(
    evaluator: Any, versions: exp.Expression, partition: exp.Expression, *key: exp.Expression
) -> exp.Expression | None:
    """Delete the touched partitions of which the model's query gives no row; stands after the query.

    No engine's overwrite reaches them. The query itself is asked, so whatever it leaves out is gone: keys that have
    moved away, and rows that a filter drops, such as those that the source has deleted.
    """
    if evaluator.runtime_stage != "evaluating":
        return None
    this, name = evaluator.locals["this_model"], partition.name
    table = this.sql("duckdb") if isinstance(this, exp.Expression) else this
    touched = _touched(evaluator, versions.sql("duckdb"), name, key)
    # The deleted column is called otherwise than the table's: then ``name`` below can only be the table's.
    return parse_one(
        f"""
        DELETE FROM {table}
        USING (
          SELECT DISTINCT {name} AS emptied_partition FROM ({touched}) AS touched
          EXCEPT SELECT {name} FROM ({_query(evaluator)}) AS standing
        ) AS emptied
        WHERE {name} IS NOT DISTINCT FROM emptied.emptied_partition
        """,
        dialect="duckdb",
    )


def _query(evaluator: Any) -> str:
    """The query of the model that is built, as it has been run."""
    model = evaluator.snapshots[evaluator.this_model_fqn].model
    bounds = {"start": evaluator.locals["start_ts"], "end": evaluator.locals["end_ts"]}
    query = model.render_query(runtime_stage=RuntimeStage(evaluator.runtime_stage), **bounds)
    return str(evaluator.resolve_tables(query).sql("duckdb"))


def _touched(evaluator: Any, table: str, partition: str, key: tuple[exp.Expression, ...]) -> str:
    first, last = interval(evaluator)
    columns = ", ".join(column.name for column in key)
    return f"""
      SELECT DISTINCT version.{partition} FROM {table} AS version
      JOIN (SELECT DISTINCT {columns} FROM {table} WHERE load_id BETWEEN {first} AND {last}) AS touched
        ON {_same("touched", key)}
    """


def _same(other: str, key: tuple[exp.Expression, ...]) -> str:
    return " AND ".join(f"{other}.{column.name} IS NOT DISTINCT FROM version.{column.name}" for column in key)
