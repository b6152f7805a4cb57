"""The macros that every model may use. Each names CODE, so that models are built again when the engine changes it."""

from typing import Any

from sqlglot import exp
from sqlmesh import macro

from transform.macros import CODE, loads, text, versions


@macro()
def bronze(evaluator: Any, stream: exp.Expression, which: exp.Expression, *columns: exp.Expression) -> exp.Expression:
    """Read the columns of ``'connection/stream'``: of ``'each_load'`` in this interval, or of the ``'latest_load'``."""
    return CODE and loads.bronze(evaluator, stream, which, *columns)


@macro()
def clean_text(evaluator: Any, value: exp.Expression) -> exp.Expression:
    """Text without blanks around it and with single ones inside; NULL if nothing is left."""
    return CODE and text.clean_text(evaluator, value)


@macro()
def of_these_loads(evaluator: Any, load_id: exp.Expression) -> exp.Expression:
    """Whether ``load_id`` is one of the loads that this run works on."""
    return CODE and loads.of_these_loads(evaluator, load_id)


@macro()
def newest_versions(
    evaluator: Any, table: exp.Expression, partition: exp.Expression, *key: exp.Expression
) -> exp.Expression:
    """FROM @newest_versions(table, partition column, key columns): the newest rows of all touched partitions."""
    return CODE and versions.newest_versions(evaluator, table, partition, *key)


@macro()
def drop_emptied_partitions(
    evaluator: Any, table: exp.Expression, partition: exp.Expression, *key: exp.Expression
) -> exp.Expression | None:
    """After a query with @newest_versions: delete the touched partitions that have lost their last row."""
    return CODE and versions.drop_emptied_partitions(evaluator, table, partition, *key)


@macro()
def drop_emptied_loads(evaluator: Any, stream: exp.Expression) -> exp.Expression | None:
    """After the query of a table of versions: delete the loads whose Bronze files are gone."""
    return CODE and loads.drop_emptied_loads(evaluator, stream)
