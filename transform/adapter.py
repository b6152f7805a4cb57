"""SQLMesh's adapter for DuckDB, but that rows are replaced as GROUP BY compares them: NULL is a key as any other.

SQLMesh deletes what it is about to insert with ``key IN (...)``, which no NULL ever is, and joins several keys to one
text without their NULLs. So rows of a NULL partition would be there twice, and ``('a', NULL, 'b')`` would replace
``('a', 'b', NULL)``. Models of kind INCREMENTAL_BY_PARTITION and INCREMENTAL_BY_UNIQUE_KEY are written through here.
``_replace_by_key`` is private to SQLMesh 0.236.4; component/transform/test_parcels.py fails when it changes.
"""

from collections.abc import Sequence
from typing import Any

from sqlglot import exp
from sqlmesh.core.config.connection import DuckDBConnectionConfig
from sqlmesh.core.engine_adapter import DuckDBEngineAdapter

# In the memory of the connection: as a table of the lake it would be written to Cloud Storage and read from there.
NEW_ROWS = exp.table_("new_rows", db="temp")


class Adapter(DuckDBEngineAdapter):
    """Replaces the rows of the keys, or partitions, that a query gives."""

    def _replace_by_key(
        self,
        target_table: Any,
        source_table: Any,
        target_columns_to_types: dict[str, exp.DataType] | None,
        key: Sequence[exp.Expression],
        is_unique_key: bool,
        source_columns: list[str] | None = None,
    ) -> None:
        (source,), columns = self._get_source_queries_and_columns_to_types(
            source_table, target_columns_to_types, target_table=target_table, source_columns=source_columns
        )
        names = [f"key_{number}" for number in range(len(key))]
        keys = exp.select(*(column.as_(name) for column, name in zip(key, names, strict=True)))
        replaced = keys.from_(NEW_ROWS).distinct().subquery("replaced")
        same = exp.and_(
            *(
                exp.NullSafeEQ(this=column.copy(), expression=exp.column(name, "replaced"))
                for column, name in zip(key, names, strict=True)
            )
        )
        names_of_rows = list(columns or {})
        rows = exp.select(*(exp.column(name, quoted=True) for name in names_of_rows))
        temporary = exp.Properties(expressions=[exp.TemporaryProperty()])
        typed = rows.copy().from_(exp.to_table(target_table)).limit(0)  # a column of NULL alone has no type of its own
        new = exp.to_table("new_rows")
        self.execute(exp.Create(this=new, kind="TABLE", replace=True, properties=temporary, expression=typed))
        with source as query:
            given = rows.copy().from_(query.subquery("given"))  # by name, in whatever order the query has them
            self.execute(exp.insert(given, NEW_ROWS, columns=names_of_rows, dialect="duckdb"))
        rows = rows.from_(NEW_ROWS)
        self.execute(exp.Delete(this=exp.to_table(target_table), using=[replaced], where=exp.Where(this=same)))
        insert = exp.insert(
            rows.distinct(*key) if is_unique_key else rows, target_table, columns=names_of_rows, dialect="duckdb"
        )
        self.execute(insert, track_rows_processed=True)
        self.drop_table(NEW_ROWS)


class ConnectionConfig(DuckDBConnectionConfig):
    """A connection of SQLMesh's that uses ``Adapter``."""

    @property
    def _engine_adapter(self) -> type[DuckDBEngineAdapter]:
        return Adapter
