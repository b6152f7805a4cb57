"""Schema ``biaac``: what the service knows about its own data, computed from the release objects for every query.

Nothing here is ever cached: a table with the current release of a minute ago would be worse than none.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from biaac.releases import Release, TableManifest
from cache_service.catalogue import Catalogue

RELEASES_SHOWN = 100  # the newest: a release is read as an object of its own, once

TEXT, NUMBER, TIME, FLAG = pa.string(), pa.int64(), pa.timestamp("us", tz="UTC"), pa.bool_()


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


Row = tuple[Any, ...]


def _releases(inputs: Inputs) -> Iterable[Row]:
    pointer = inputs.catalogue.current().pointer
    for release in inputs.catalogue.all(RELEASES_SHOWN):
        current = pointer is not None and pointer.release == release.id
        yield (
            release.id,
            release.sequence,
            release.parent,
            release.created_at,
            current,
            current and pointer is not None and pointer.held is not None,
            release.data_as_of,
            release.revision,
            release.models,
            release.execution,
            len(release.tables),
            sum(table.rows for table in release.tables.values()),
            sum(table.bytes for table in release.tables.values()),
        )


def _tables(inputs: Inputs) -> Iterable[Row]:
    for manifest in _manifests(inputs):
        schema, _, name = manifest.name.partition(".")
        grain, order = ", ".join(manifest.grain), ", ".join(manifest.sorted_by)
        size = sum(file.bytes for file in manifest.files)
        yield (
            *(schema, name, manifest.description, manifest.owner, grain, manifest.partitioned_by, order),
            *(manifest.rows, len(manifest.files), size),
        )


def _columns(inputs: Inputs) -> Iterable[Row]:
    for manifest in _manifests(inputs):
        schema, _, name = manifest.name.partition(".")
        for position, column in enumerate(manifest.columns, start=1):
            in_grain = column.name in manifest.grain
            yield schema, name, position, column.name, column.type, in_grain, column.description


def _audits(inputs: Inputs) -> Iterable[Row]:
    for audit in inputs.release.audits if inputs.release else ():
        yield audit.model, audit.audit, audit.blocking, audit.rows, audit.outcome, audit.query


def _freshness(inputs: Inputs) -> Iterable[Row]:
    for stream in inputs.release.freshness if inputs.release else ():
        yield stream.connection, stream.stream, stream.data_as_of, stream.synced_at


def _metrics(inputs: Inputs) -> Iterable[Row]:
    for metric in inputs.release.metrics if inputs.release else ():
        label = json.dumps(metric.label, ensure_ascii=False, sort_keys=True)
        yield metric.name, metric.table, metric.expression, label, metric.description, metric.format, metric.additive


def _queries(inputs: Inputs) -> Iterable[Row]:
    for query in reversed(inputs.queries):
        yield tuple(vars(query).values())


Columns = list[tuple[str, pa.DataType]]
TABLES: dict[str, tuple[Columns, Callable[[Inputs], Iterable[Row]]]] = {
    "biaac.releases": (
        [
            *[("release", TEXT), ("sequence", NUMBER), ("parent", TEXT), ("created_at", TIME), ("is_current", FLAG)],
            *[("is_held", FLAG), ("data_as_of", TIME), ("revision", TEXT), ("models", TEXT), ("execution", TEXT)],
            *[("tables", NUMBER), ("rows", NUMBER), ("bytes", NUMBER)],
        ],
        _releases,
    ),
    "biaac.tables": (
        [
            *[("table_schema", TEXT), ("table_name", TEXT), ("description", TEXT), ("owner", TEXT), ("grain", TEXT)],
            *[("partitioned_by", TEXT), ("sorted_by", TEXT), ("rows", NUMBER), ("files", NUMBER), ("bytes", NUMBER)],
        ],
        _tables,
    ),
    "biaac.columns": (
        [
            *[("table_schema", TEXT), ("table_name", TEXT), ("position", NUMBER), ("column_name", TEXT)],
            *[("type", TEXT), ("in_grain", FLAG), ("description", TEXT)],
        ],
        _columns,
    ),
    "biaac.audits": (
        [
            *[("model", TEXT), ("audit", TEXT), ("blocking", FLAG), ("rows", NUMBER), ("outcome", TEXT)],
            ("query", TEXT),
        ],
        _audits,
    ),
    "biaac.freshness": (
        [("connection", TEXT), ("stream", TEXT), ("data_as_of", TIME), ("synced_at", TIME)],
        _freshness,
    ),
    "biaac.metrics": (
        [
            *[("metric", TEXT), ("table_name", TEXT), ("expression", TEXT), ("label", TEXT), ("description", TEXT)],
            *[("format", TEXT), ("additive", FLAG)],
        ],
        _metrics,
    ),
    "biaac.queries": (
        [
            *[("asked_at", TIME), ("statement", TEXT), ("release", TEXT), ("outcome", TEXT), ("cache", TEXT)],
            *[("rows", NUMBER), ("bytes", NUMBER), ("seconds", pa.float64()), ("cpu_seconds", pa.float64())],
        ],
        _queries,
    ),
}


def schema(name: str) -> pa.Schema:
    """The columns of a system table."""
    return pa.schema(TABLES[name][0])


def table(name: str, catalogue: Catalogue, release: Release | None, queries: Sequence[QueryRecord]) -> pa.Table:
    """The rows of a system table now, for a statement on ``release``."""
    rows = list(TABLES[name][1](Inputs(catalogue, release, queries)))
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(TABLES[name][0])
    arrays = [pa.array(column, type=kind) for column, (_, kind) in zip(columns, TABLES[name][0], strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema(name))


def _manifests(inputs: Inputs) -> list[TableManifest]:
    return [] if inputs.release is None else inputs.catalogue.manifests(inputs.release)
