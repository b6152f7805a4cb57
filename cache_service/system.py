"""Schema ``biaac``: what the service knows about its own data, computed from the release objects for every query.

Nothing here is ever cached: a table with the current release of a minute ago would be worse than none.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from biaac.releases import Release, TableManifest
from cache_service.catalogue import Catalogue
from cache_service.wire import CATALOG

RELEASES_SHOWN = 100  # the newest: a release is read as an object of its own, once

TYPES = {
    **{"text": pa.string(), "number": pa.int64(), "seconds": pa.float64()},
    **{"time": pa.timestamp("us", tz="UTC"), "flag": pa.bool_()},
}


@dataclass(frozen=True)
class QueryRecord:
    """One statement that this instance has answered or refused."""

    at: datetime
    statement: str
    release: str | None
    outcome: str  # ok, or the SQLSTATE
    cache: str  # hit, miss, shared (another caller ran it), bypass
    rows: int | None
    bytes: int | None
    seconds: float
    cpu_seconds: float | None


@dataclass(frozen=True)
class Inputs:
    """What system tables are computed from. ``release`` is the statement's own; None before the first one."""

    catalogue: Catalogue
    release: Release | None
    queries: Sequence[QueryRecord]

    @property
    def manifests(self) -> list[TableManifest]:
        """The tables of the release."""
        return self.catalogue.manifests(self.release) if self.release else []


Rows = Callable[[Inputs], Iterable[tuple[Any, ...]]]
TABLES: dict[str, tuple[pa.Schema, Rows]] = {}


def schema(name: str) -> pa.Schema:
    """The columns of a system table."""
    return TABLES[name][0]


def table(name: str, inputs: Inputs) -> pa.Table:
    """The rows of a system table now."""
    columns, rows = TABLES[name]
    return pa.Table.from_pylist([dict(zip(columns.names, row, strict=True)) for row in rows(inputs)], schema=columns)


def _table(name: str, columns: str) -> Callable[[Rows], Rows]:
    """Declare a system table: its columns as SQL would, above the function that computes its rows."""
    fields = [tuple(column.split()) for column in columns.split(",")]

    def declare(rows: Rows) -> Rows:
        TABLES[name] = pa.schema([(field, TYPES[kind]) for field, kind in fields]), rows
        return rows

    return declare


@_table(
    "biaac.releases",
    "release text, sequence number, parent text, created_at time, is_current flag, is_held flag,"
    " data_as_of time, revision text, models text, execution text, tables number, rows number, bytes number",
)
def _releases(inputs: Inputs) -> Iterable[tuple[Any, ...]]:
    pointer = inputs.catalogue.current().pointer
    for release in inputs.catalogue.all(RELEASES_SHOWN):
        current = pointer is not None and pointer.release == release.id
        held = current and pointer is not None and pointer.held is not None
        tables = release.tables.values()
        yield (
            *(release.id, release.sequence, release.parent, release.created_at, current, held, release.data_as_of),
            *(release.revision, release.models, release.execution),
            *(len(tables), sum(table.rows for table in tables), sum(table.bytes for table in tables)),
        )


@_table(
    "biaac.tables",
    "table_schema text, table_name text, description text, owner text, grain text, partitioned_by text,"
    " sorted_by text, rows number, files number, bytes number, data_as_of time",
)
def _tables(inputs: Inputs) -> Iterable[tuple[Any, ...]]:
    for manifest in inputs.manifests:
        schema, _, name = manifest.name.partition(".")
        size = sum(file.bytes for file in manifest.files)
        yield (
            *(schema, name, manifest.description, manifest.owner, ", ".join(manifest.grain), manifest.partitioned_by),
            *(", ".join(manifest.sorted_by), manifest.rows, len(manifest.files), size),
            inputs.release.as_of(manifest.name) if inputs.release else None,
        )


@_table(
    "biaac.columns",
    "table_schema text, table_name text, position number, column_name text, type text, in_grain flag, description text",
)
def _columns(inputs: Inputs) -> Iterable[tuple[Any, ...]]:
    for manifest in inputs.manifests:
        schema, _, name = manifest.name.partition(".")
        for position, column in enumerate(manifest.columns, start=1):
            in_grain = column.name in manifest.grain
            yield schema, name, position, column.name, column.type, in_grain, column.description


@_table("information_schema.schemata", "catalog_name text, schema_name text")
def _schemata(_inputs: Inputs) -> Iterable[tuple[Any, ...]]:
    return ((CATALOG, name) for name in sorted({"gold", *(table.partition(".")[0] for table in TABLES)}))


@_table(
    "information_schema.tables", "table_catalog text, table_schema text, table_name text, table_type text, comment text"
)
def _information_tables(inputs: Inputs) -> Iterable[tuple[Any, ...]]:
    for schema, name, comment, *_ in _tables(inputs):
        yield CATALOG, schema, name, "BASE TABLE", comment


@_table(
    "information_schema.columns",
    "table_catalog text, table_schema text, table_name text, column_name text, ordinal_position number,"
    " is_nullable text, data_type text, column_comment text",
)
def _information_columns(inputs: Inputs) -> Iterable[tuple[Any, ...]]:
    for schema, name, position, column, kind, _, comment in _columns(inputs):
        yield CATALOG, schema, name, column, position, "YES", kind, comment


@_table("biaac.audits", "model text, audit text, blocking flag, rows number, outcome text, query text")
def _audits(inputs: Inputs) -> Iterable[tuple[Any, ...]]:
    for audit in inputs.release.audits if inputs.release else ():
        yield audit.model, audit.audit, audit.blocking, audit.rows, audit.outcome, audit.query


@_table("biaac.freshness", "connection text, stream text, data_as_of time, synced_at time")
def _freshness(inputs: Inputs) -> Iterable[tuple[Any, ...]]:
    for stream in inputs.release.freshness if inputs.release else ():
        yield stream.connection, stream.stream, stream.data_as_of, stream.synced_at


@_table(
    "biaac.metrics",
    "metric text, table_name text, expression text, label text, description text, format text, additive flag",
)
def _metrics(inputs: Inputs) -> Iterable[tuple[Any, ...]]:
    for metric in inputs.release.metrics if inputs.release else ():
        label = json.dumps(metric.label, ensure_ascii=False, sort_keys=True)
        yield metric.name, metric.table, metric.expression, label, metric.description, metric.format, metric.additive


@_table(
    "biaac.queries",
    "asked_at time, statement text, release text, outcome text, cache text, rows number, bytes number,"
    " seconds seconds, cpu_seconds seconds",
)
def _queries(inputs: Inputs) -> Iterable[tuple[Any, ...]]:
    return (astuple(query) for query in reversed(inputs.queries))
