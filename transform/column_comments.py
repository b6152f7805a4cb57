"""Column comments: written once, beside the column where it first has its meaning.

    amount::DECIMAL(18, 2) AS amount,   -- Money taken after the discount.

A model that passes the column on under its own name passes the comment on.
"""

from collections.abc import Mapping

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, build_scope
from sqlmesh.core.model import Model


def of(model: Model, models: Mapping[str, Model], known: dict[str, dict[str, str]] | None = None) -> dict[str, str]:
    """Column -> comment, of the columns that have one. ``models`` are those of the project by full name.

    ``known`` keeps the comments of each model from one call to the next.
    """
    known = {} if known is None else known
    if model.fqn not in known:
        comments = known[model.fqn] = dict(model.column_descriptions)
        query = model.render_query()
        columns = [] if query is None else [column.alias_or_name for column in query.selects]
        missing = [column for column in columns if column not in comments]
        scope = build_scope(query) if missing else None
        for column in missing if scope else []:
            upstream = models.get(_source(column, scope) or "")
            if upstream and (comment := of(upstream, models, known).get(column)):
                comments[column] = comment
    return known[model.fqn]


def _source(name: str, scope: Scope) -> str | None:
    """The table whose column ``name`` a query passes on, perhaps cast; None if it makes the column itself."""
    if isinstance(scope.expression, exp.SetOperation):
        tables = {_source(name, part) for part in scope.union_scopes}
        return tables.pop() if len(tables) == 1 else None  # None where more than one table is behind it
    column = next(one for one in scope.expression.selects if one.alias_or_name == name).unalias()
    while isinstance(column, exp.Cast):
        column = column.this
    if not isinstance(column, exp.Column) or column.name != name:
        return None
    source = scope.sources.get(column.table)
    if isinstance(source, Scope):
        return _source(name, source)
    return exp.table_name(source, identify=True) if isinstance(source, exp.Table) else None
