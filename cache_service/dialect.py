"""DuckDB's SQL, in which models and audits are written, as DataFusion must be asked to give the same answer.

sqlglot reads the statement and resolves its columns against the release's tables. Then every expression gets a kind
(number, text, time ...) and is rewritten where DataFusion would answer otherwise, from the inside out; ``supported``
holds one rule a construct. A function without a rule is refused: no answer is better than another one than DuckDB's.
"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyarrow as pa
import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import NormalizationStrategy
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import OptimizeError, ParseError, TokenError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope, walk_in_scope
from sqlglot.schema import MappingSchema

from cache_service import errors
from cache_service.errors import QueryError
from cache_service.kinds import Kind, kind_of_type, of, refuse, unknown, written_cast
from cache_service.supported import RULES
from cache_service.wire import CATALOG

VOLATILE = (exp.Rand, exp.Uuid, exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.Localtimestamp)
SCHEMA = "gold"  # of a table without one
Columns = Callable[[str], pa.Schema | None]


class ServiceSql(DuckDB):  # type: ignore[misc]  # sqlglot's dialects are Any to mypy
    """What the service reads: DuckDB's SQL, unquoted names in lower case."""

    NORMALIZATION_STRATEGY = NormalizationStrategy.LOWERCASE

    class Generator(DuckDB.Generator):  # type: ignore[misc]
        """What DataFusion reads."""

        TRANSFORMS = {  # noqa: RUF012  # sqlglot's own shape
            **DuckDB.Generator.TRANSFORMS,
            **dict.fromkeys((exp.Cast, exp.TryCast), written_cast),
        }


@dataclass
class Statement:
    """A statement that has been read, and is to be written for DataFusion."""

    tree: exp.Query
    placeholders: int  # parameters it takes
    volatile: bool  # the same question may have another answer
    explain: bool

    @classmethod
    def parse(cls, sql: str) -> "Statement":
        """Read a statement; ``QueryError`` for what is none, is no query, or asks what the service does not answer."""
        first, _, rest = sql.lstrip().partition(" ")
        explain = first.upper() == "EXPLAIN"
        try:
            trees = [tree for tree in sqlglot.parse(rest if explain else sql, dialect=ServiceSql) if tree]
        except (ParseError, TokenError) as error:
            raise QueryError(errors.SYNTAX, str(error).partition("\n")[0]) from None
        if len(trees) != 1:
            raise QueryError(errors.NOT_SUPPORTED, f"one statement is expected, found {len(trees)}")
        (tree,) = trees
        if isinstance(tree, exp.Show):
            tree = sqlglot.parse_one(
                "SELECT table_schema, table_name FROM information_schema.tables", dialect=ServiceSql
            )
        if not isinstance(tree, exp.Query):
            raise QueryError(
                errors.READ_ONLY, f"{tree.key.upper()} is not supported: this service answers SELECT alone"
            )
        for refused in tree.find_all(exp.TableSample, exp.Into, exp.Lock, exp.Pivot):
            raise refuse(refused.key.upper())
        volatile = any(isinstance(node, VOLATILE) or node.name.lower() == "now" for node in tree.find_all(exp.Func))
        return cls(tree, _number(tree), volatile, explain)

    def write(self, columns: Columns) -> str:
        """The statement for DataFusion; ``columns`` gives those of a table by its full name, None without one."""
        _before(self.tree)
        schema, tables = MappingSchema(dialect=ServiceSql, normalize=False), {}
        own = {cte.alias for cte in self.tree.find_all(exp.CTE)}
        for table in self.tree.find_all(exp.Table):
            name = f"{table.db or SCHEMA}.{table.name}"
            if (table.db or table.name not in own) and (known := columns(name)) is not None:
                tables[name] = known
                schema.add_table(exp.table_(table.name, table.db or SCHEMA, CATALOG), dict.fromkeys(known.names, "INT"))
        try:
            tree = qualify(
                self.tree, dialect=ServiceSql, schema=schema, db=SCHEMA, catalog=CATALOG, validate_qualify_columns=False
            )
        except OptimizeError as error:
            raise QueryError(errors.NO_SUCH_COLUMN, str(error)) from None
        for scope in traverse_scope(tree):
            _rewrite(scope, tables)
        written: str = tree.sql(dialect=ServiceSql)
        return f"EXPLAIN {written}" if self.explain else written


def _before(tree: exp.Query) -> None:
    """What is easier before columns are resolved: names as DuckDB gives them, GROUP BY ALL, AVG as a quotient."""
    first = tree
    while isinstance(first, (exp.SetOperation, exp.Subquery)):
        first = first.this
    taken: set[str] = set()
    for column in list(first.selects):
        plain = isinstance(column, exp.Column) and not column.is_star
        name = (
            column.alias
            or (column.name if plain else "")
            or column.sql(dialect=DuckDB, normalize_functions="lower").replace("count(*)", "count_star()")
        )
        if plain and name not in taken:
            taken.add(name)
        elif not column.is_star:
            free = next(
                free for number in itertools.count() if (free := f"{name}_{number}" if number else name) not in taken
            )
            taken.add(free)
            if free != column.alias:
                column.replace(exp.alias_(column.unalias().copy(), exp.to_identifier(free, quoted=True)))
    for group in tree.find_all(exp.Group):
        if group.args.get("all"):
            keys = [column.unalias().copy() for column in group.parent.selects if not column.find(exp.AggFunc)]
            group.replace(exp.Group(expressions=keys))
    for average in list(tree.find_all(exp.Avg)):
        whole: exp.Expr = average
        while isinstance(whole.parent, (exp.Filter, exp.Window)) and whole.arg_key == "this":
            whole = whole.parent
        parts = []
        for kind in (exp.Sum, exp.Count):
            copy = whole.copy()
            inner = copy.find(exp.Avg)
            parts.append(inner.replace(kind(this=inner.this)) if inner is copy else copy)
            if inner is not copy:
                inner.replace(kind(this=inner.this))
        whole.replace(exp.Paren(this=exp.Div(this=parts[0], expression=parts[1])))


def _rewrite(scope: Scope, tables: Mapping[str, pa.Schema]) -> None:
    """Give every expression of a scope its kind, from the inside out, and put in its place what its rule says."""
    for node in reversed(list(walk_in_scope(scope.expression))):
        if isinstance(node, exp.Column):
            node.meta["kind"] = _kind_of_column(scope, tables, node)
        elif isinstance(node, (exp.Subquery, exp.Query)) and node is not scope.expression:
            columns = node.unnest().selects
            node.meta["kind"] = of(columns[0]) if len(columns) == 1 else None
        elif rule := RULES.get(type(node)):
            parent, key, index = node.parent, node.arg_key, node.index
            written, kind = rule(node)
            written.meta["kind"] = kind
            if written is not node and parent:
                parent.set(key, written, index)
        elif isinstance(node, exp.Func):
            raise unknown(node.sql_name().lower())


def _kind_of_column(scope: Scope, tables: Mapping[str, pa.Schema], column: exp.Column) -> Kind:
    source = scope.sources.get(column.table)
    if isinstance(source, exp.Table):
        known = tables.get(f"{source.db}.{source.name}")
        return kind_of_type(known.field(column.name).type) if known and column.name in known.names else None
    if isinstance(source, Scope):
        for select in source.expression.selects if isinstance(source.expression, exp.Query) else ():
            if select.alias_or_name == column.name:
                return of(select)
    return None


def _number(tree: exp.Query) -> int:
    """Number the placeholders ``?`` from left to right; how many parameters a statement takes."""
    marks = list(tree.find_all(exp.Placeholder, bfs=False))
    for position, mark in enumerate([mark for mark in marks if not mark.this], start=1):
        mark.set("this", str(position))
    names = {str(mark.this) for mark in marks}
    if wrong := sorted(name for name in names if not name.isdigit()):
        raise QueryError(errors.BAD_PARAMETER, f"parameter {wrong[0]}: parameters are ? or $1, $2, ...")
    return len(names)
