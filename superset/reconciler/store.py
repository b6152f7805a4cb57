"""A bundle written to Superset's own database.

A row that differs from its file is updated. A row whose file is gone is deleted. What people made is left alone: their
rows, their charts on a dashboard of ours, their metrics and columns of a dataset of ours, what the front end notes.
A row that does not differ keeps its ``changed_on``: a dataset's is part of every cache key, so writing it would cool
the caches of all its charts. A plan is the same transaction rolled back, so plan and apply cannot disagree.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from superset.connectors.sqla.models import SqlaTable, SqlMetric, TableColumn
from superset.extensions import db
from superset.models.core import Database
from superset.models.dashboard import Dashboard
from superset.models.slice import Slice

from biaac.errors import PermanentError
from charts.kind import LANGUAGE, Chart, short_format
from compiler import bundle as spec
from compiler.bundle import DATABASE, DATABASE_UUID, MARK, Bundle, source
from compiler.catalog import TIMES
from compiler.layout import metadata, position
from compiler.queries import query_context

Fields = dict[str, Any]  # attribute of a row -> its value
JSON = {"extra", "params", "query_context", "position_json", "json_metadata"}  # kept as text, compared as values
OURS = {"source": MARK}  # in ``extra`` of a metric or a column: those of people have no such mark
SHOWN = 60  # letters of a value in a plan


@dataclass(frozen=True)
class Change:
    """One object of Superset that was not as the files say."""

    action: str  # create, update, delete
    kind: str  # database, dataset, column, metric, chart, dashboard
    name: str
    fields: list[str]  # each with its value before, and after


def apply(bundle: Bundle, *, database_uri: str, dry_run: bool = False) -> list[Change]:
    """Make Superset equal to ``bundle`` in one transaction; the changes. ``dry_run`` rolls it back."""
    writer = _Writer()
    database = writer.put("database", Database, DATABASE_UUID, _database_fields(database_uri), DATABASE)
    datasets = {one.key: writer.dataset(one, database) for one in bundle.datasets}
    db.session.flush()
    _refuse_taken_addresses(bundle)
    for dashboard in bundle.dashboards:
        charts = [writer.chart(one, dashboard, datasets[one.dataset]) for one in dashboard.charts]
        db.session.flush()
        fields = _dashboard_fields(dashboard, charts, datasets[dashboard.file.model])
        writer.put("dashboard", Dashboard, dashboard.uuid, fields, dashboard.key)
    db.session.flush()
    writer.prune(bundle)
    if dry_run:
        db.session.rollback()
    else:
        db.session.commit()
    return writer.changes


def _refuse_taken_addresses(bundle: Bundle) -> None:
    """``PermanentError`` where a dashboard that a person made has the address of one of ours."""
    ours = {dashboard.key: dashboard for dashboard in bundle.dashboards}
    for row in db.session.query(Dashboard).filter(Dashboard.slug.in_(list(ours))):
        if UUID(str(row.uuid)) != ours[row.slug].uuid:
            raise PermanentError(
                f"{ours[row.slug].source}: a person's dashboard {row.dashboard_title!r} has the address {row.slug!r}",
                hint=f"give that one another (Edit properties, URL slug), or name the file otherwise: {row.url}",
            )


class _Writer:
    """Writes rows that differ, and lists what it changed."""

    def __init__(self) -> None:
        self.changes: list[Change] = []

    def dataset(self, dataset: spec.Dataset, database: Database) -> SqlaTable:
        table = self.put("dataset", SqlaTable, dataset.uuid, _dataset_fields(dataset, database), dataset.key)
        before = len(self.changes)
        self._put_children("column", table, table.columns, TableColumn, "column_name", _column_fields(dataset))
        self._put_children("metric", table, table.metrics, SqlMetric, "metric_name", _metric_fields(dataset))
        if len(self.changes) > before:
            table.changed_on = datetime.now()  # a metric's expression is not in a cache key, the dataset's time is
        return table

    def chart(self, chart: Chart, dashboard: spec.Dashboard, dataset: SqlaTable) -> Slice:
        fields = _chart_fields(chart, dashboard, dataset)
        return self.put("chart", Slice, chart.uuid, fields, f"{chart.dashboard}/{chart.key}")

    def prune(self, bundle: Bundle) -> None:
        """Delete what came from a file and is in none now, unless it waits, or what people made still uses it."""
        dashboards = [dashboard.uuid for dashboard in bundle.dashboards]
        charts = [chart.uuid for dashboard in bundle.dashboards for chart in dashboard.charts]
        datasets = [dataset.uuid for dataset in bundle.datasets]
        kept = [source(key) for key in bundle.waiting]
        self._prune("dashboard", Dashboard, dashboards, kept, name="slug")
        self._prune("chart", Slice, charts, kept, name="slice_name", users="dashboards")
        self._prune("dataset", SqlaTable, datasets, kept, name="table_name", users="slices")

    def _prune(
        self, kind: str, model: Any, current: list[UUID], kept: list[str], *, name: str, users: str | None = None
    ) -> None:
        ours = db.session.query(model).filter(
            model.is_managed_externally.is_(True),
            model.external_url.startswith(MARK),
            model.external_url.not_in(kept),
        )
        for row in ours.all():
            if UUID(str(row.uuid)) not in current and not (users and getattr(row, users)):
                self._delete(kind, row, getattr(row, name))
        db.session.flush()

    def put(self, kind: str, model: Any, uuid: UUID, fields: Fields, name: str) -> Any:
        """The row with this ``uuid``, created or updated."""
        row = db.session.query(model).filter_by(uuid=uuid).one_or_none()
        return row if self._updated(kind, name, row, fields) else self._created(kind, name, model(uuid=uuid), fields)

    def _put_children(
        self, kind: str, table: SqlaTable, rows: Any, model: Any, key: str, expected: dict[str, Fields]
    ) -> None:
        """The same for rows that belong to ``table`` and are known by the attribute ``key``."""
        existing = {getattr(row, key): row for row in rows}
        for name, fields in expected.items():
            full_name = f"{table.table_name}.{name}"
            if not self._updated(kind, full_name, existing.get(name), fields):
                rows.append(self._created(kind, full_name, model(**{key: name}), fields))
        for name in sorted(existing.keys() - expected.keys()):
            if json.loads(existing[name].extra or "{}") != OURS:
                continue
            rows.remove(existing[name])
            self._delete(kind, existing[name], f"{table.table_name}.{name}")

    def _updated(self, kind: str, name: str, row: Any, fields: Fields) -> bool:
        """Bring ``row`` to its fields; false if there is none."""
        if row is not None and (changed := _set(row, fields)):
            self.changes.append(Change("update", kind, name, changed))
        return row is not None

    def _created(self, kind: str, name: str, row: Any, fields: Fields) -> Any:
        _set(row, fields)
        db.session.add(row)
        self.changes.append(Change("create", kind, name, []))
        return row

    def _delete(self, kind: str, row: Any, name: str) -> None:
        self.changes.append(Change("delete", kind, name, []))
        db.session.delete(row)


def _database_fields(uri: str) -> Fields:
    refused = ("allow_ctas", "allow_cvas", "allow_dml", "allow_run_async", "allow_file_upload")
    return dict.fromkeys(refused, False) | {
        "database_name": DATABASE,
        "sqlalchemy_uri": uri,
        "expose_in_sqllab": True,
        "is_managed_externally": True,
        "extra": {"allows_virtual_table_explore": True, "metadata_params": {}, "engine_params": {}},
    }


def _dataset_fields(dataset: spec.Dataset, database: Database) -> Fields:
    return {
        "table_name": dataset.table,
        "schema": dataset.schema,
        "sql": dataset.sql,
        "description": dataset.description,
        "main_dttm_col": dataset.time,
        "database": database,
        "filter_select_enabled": True,
        "normalize_columns": False,
        "always_filter_main_dttm": False,
        "is_managed_externally": True,
        "external_url": dataset.source,
    }


def _column_fields(dataset: spec.Dataset) -> dict[str, Fields]:
    return {
        column.name: {
            "verbose_name": column.label,
            "description": column.description,
            "type": column.type,
            "expression": column.expression,
            "is_dttm": column.type in TIMES,
            "is_active": True,
            "groupby": True,
            "filterable": True,
            "extra": OURS,
        }
        for column in dataset.columns
    }


def _metric_fields(dataset: spec.Dataset) -> dict[str, Fields]:
    return {
        metric.name: {
            "verbose_name": metric.label[LANGUAGE],
            "description": metric.description,
            "expression": metric.expression,
            "d3format": short_format(metric),
            "extra": OURS,
        }
        for metric in dataset.metrics
    }


def _chart_fields(chart: Chart, dashboard: spec.Dashboard, dataset: SqlaTable) -> Fields:
    return {
        "slice_name": chart.title,
        "description": chart.description or None,
        "viz_type": chart.viz_type,
        "datasource_id": dataset.id,
        "datasource_type": "table",
        "datasource_name": dataset.name,
        "params": chart.form | {"datasource": f"{dataset.id}__table"},
        "query_context": query_context(chart, dataset.id, dashboard=None),
        "is_managed_externally": True,
        "external_url": dashboard.source,
    }


def _dashboard_fields(dashboard: spec.Dashboard, charts: list[Slice], dataset: SqlaTable) -> Fields:
    ids = {UUID(str(chart.uuid)): chart.id for chart in charts}
    return {
        "dashboard_title": dashboard.file.title.en,
        "slug": dashboard.key,
        "description": dashboard.file.description.en,
        "certified_by": dashboard.file.owner,
        "published": True,
        "position_json": position(dashboard, ids),
        "json_metadata": metadata(dashboard, ids, dataset.id),
        "slices": charts,
        "is_managed_externally": True,
        "external_url": dashboard.source,
    }


def _set(row: Any, fields: Fields) -> list[str]:
    """Assign the fields that differ; what changes. Assigning an equal value would move ``changed_on`` too."""
    changed = []
    for name, value in fields.items():
        stored, expected, write = getattr(row, name), value, value
        if name in JSON:
            stored = json.loads(stored or "null")
            if name == "json_metadata":  # the front end notes colours of labels in it, when a page is opened
                expected = (stored or {}) | value
            write = json.dumps(expected, sort_keys=True)
        elif name == "slices":  # has no order; those of people stay
            write = [*value, *(chart for chart in stored if not _is_ours(chart))]
            stored, expected = set(stored), set(write)
        if stored != expected:
            setattr(row, name, write)
            changed += _differences(name, stored, expected)
    return changed


def _is_ours(row: Any) -> bool:
    return bool(row.is_managed_externally and (row.external_url or "").startswith(MARK))


def _differences(name: str, old: Any, new: Any) -> list[str]:
    """``title: 'a' -> 'b'``; of a mapping, each key that differs."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
        return [line for key in keys for line in _differences(f"{name}.{key}", old.get(key), new.get(key))]
    if isinstance(new, set):
        old, new = (sorted(str(getattr(one, "slice_name", one)) for one in ones) for ones in (old, new))
    before, after = (text if len(text := repr(value)) <= SHOWN else f"{text[:SHOWN]}..." for value in (old, new))
    return [f"{name}: {before} -> {after}"]
