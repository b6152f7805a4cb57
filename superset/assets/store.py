"""Superset's own database made equal to a bundle: what differs is written, what is gone deleted, the rest left alone.

An object nobody changed keeps its ``changed_on``: a dataset's is part of every cache key, so writing it would cool
the caches of all its charts. ``plan`` is ``apply`` rolled back: the two cannot disagree.
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

from .bundle import DATABASE, DATABASE_UUID, MARK, Bundle, Chart, DashboardSpec, Dataset
from .charts import short_format
from .compile import LANGUAGE, TIMES
from .layout import metadata, position
from .queries import query_context


@dataclass(frozen=True)
class Change:
    """One object that is not as the files say."""

    action: str  # create, update, delete
    kind: str  # database, dataset, column, metric, chart, dashboard
    name: str
    fields: list[str]


def apply(bundle: Bundle, *, database_uri: str, dry_run: bool = False) -> list[Change]:
    """Make Superset equal to ``bundle`` in one transaction and say what changed; ``dry_run`` changes nothing."""
    writer = _Writer()
    database = writer.database(database_uri)
    datasets = {spec.key: writer.dataset(spec, database) for spec in bundle.datasets}
    db.session.flush()
    charts = {
        spec.uuid: writer.chart(spec, dashboard, datasets[spec.dataset])
        for dashboard in bundle.dashboards
        for spec in dashboard.charts
    }
    db.session.flush()
    for dashboard in bundle.dashboards:
        writer.dashboard(dashboard, [charts[spec.uuid] for spec in dashboard.charts], datasets[dashboard.file.model])
    db.session.flush()
    writer.prune(bundle)
    if dry_run:
        db.session.rollback()
    else:
        db.session.commit()
    return writer.changes


class _Writer:
    """Writes what differs and remembers it."""

    def __init__(self) -> None:
        self.changes: list[Change] = []

    def database(self, uri: str) -> Database:
        extra = {"allows_virtual_table_explore": True, "metadata_params": {}, "engine_params": {}}
        fields = {
            "database_name": DATABASE,
            "sqlalchemy_uri": uri,
            "expose_in_sqllab": True,
            "allow_ctas": False,
            "allow_cvas": False,
            "allow_dml": False,
            "allow_run_async": False,
            "allow_file_upload": False,
            "is_managed_externally": True,
            "extra": _Json(extra),
        }
        return self._put("database", Database, DATABASE_UUID, fields, DATABASE)

    def dataset(self, spec: Dataset, database: Database) -> SqlaTable:
        fields = {
            "table_name": spec.table,
            "schema": spec.schema,
            "sql": spec.sql,
            "description": spec.description,
            "main_dttm_col": spec.time,
            "database": database,
            "filter_select_enabled": True,
            "normalize_columns": False,
            "always_filter_main_dttm": False,
            "is_managed_externally": True,
            "external_url": spec.source,
        }
        table = self._put("dataset", SqlaTable, spec.uuid, fields, spec.key)
        before = len(self.changes)
        columns = {
            column.name: {
                "verbose_name": column.label,
                "description": column.description,
                "type": column.type,
                "expression": column.expression,
                "is_dttm": column.type in TIMES,
                "is_active": True,
                "groupby": True,
                "filterable": True,
            }
            for column in spec.columns
        }
        self._put_children("column", table, table.columns, TableColumn, "column_name", columns)
        metrics = {
            metric.name: {
                "verbose_name": metric.label[LANGUAGE],
                "description": metric.description,
                "expression": metric.expression,
                "d3format": short_format(metric),
            }
            for metric in spec.metrics
        }
        self._put_children("metric", table, table.metrics, SqlMetric, "metric_name", metrics)
        if len(self.changes) > before:
            table.changed_on = datetime.now()  # a metric's expression is not in a cache key, the dataset's time is
        return table

    def chart(self, spec: Chart, dashboard: DashboardSpec, dataset: SqlaTable) -> Slice:
        fields = {
            "slice_name": spec.title,
            "description": spec.description or None,
            "viz_type": spec.viz_type,
            "datasource_id": dataset.id,
            "datasource_type": "table",
            "datasource_name": dataset.name,
            "params": _Json(spec.parameters | {"datasource": f"{dataset.id}__table"}),
            "query_context": _Json(query_context(spec, dataset.id, dashboard=None)),
            "is_managed_externally": True,
            "external_url": dashboard.source,
        }
        return self._put("chart", Slice, spec.uuid, fields, f"{spec.dashboard}/{spec.key}")

    def dashboard(self, spec: DashboardSpec, charts: list[Slice], dataset: SqlaTable) -> Dashboard:
        ids = {UUID(str(chart.uuid)): chart.id for chart in charts}
        fields = {
            "dashboard_title": spec.file.title.en,
            "slug": spec.slug,
            "description": spec.file.description.en,
            "certified_by": spec.file.owner,
            "published": True,
            "position_json": _Json(position(spec, ids)),
            "json_metadata": _Json(metadata(spec, ids, dataset.id)),
            "slices": _Set(charts),
            "is_managed_externally": True,
            "external_url": spec.source,
        }
        return self._put("dashboard", Dashboard, spec.uuid, fields, spec.key)

    def prune(self, bundle: Bundle) -> None:
        """Delete what came from a file and is in none now, unless something that people made still uses it."""
        kept = {spec.uuid for spec in bundle.dashboards}
        for dashboard in self._ours(Dashboard):
            if UUID(str(dashboard.uuid)) not in kept:
                self._delete("dashboard", dashboard, dashboard.slug)
        db.session.flush()
        kept = {chart.uuid for spec in bundle.dashboards for chart in spec.charts}
        for chart in self._ours(Slice):
            if UUID(str(chart.uuid)) not in kept and not chart.dashboards:
                self._delete("chart", chart, chart.slice_name)
        db.session.flush()
        kept = {spec.uuid for spec in bundle.datasets}
        for table in self._ours(SqlaTable):
            if UUID(str(table.uuid)) not in kept and not table.slices:
                self._delete("dataset", table, table.table_name)
        db.session.flush()

    def _ours(self, model: Any) -> list[Any]:
        query = db.session.query(model).filter(model.is_managed_externally.is_(True))
        return list(query.filter(model.external_url.startswith(MARK)).all())

    def _delete(self, kind: str, row: Any, name: str) -> None:
        self.changes.append(Change("delete", kind, name, []))
        db.session.delete(row)

    def _put(self, kind: str, model: Any, uuid: UUID, fields: dict[str, Any], name: str) -> Any:
        row = db.session.query(model).filter_by(uuid=uuid).one_or_none()
        if row is None:
            row = model(uuid=uuid)
            self._set(row, fields)
            db.session.add(row)
            self.changes.append(Change("create", kind, name, []))
        elif changed := self._set(row, fields):
            self.changes.append(Change("update", kind, name, changed))
        return row

    def _put_children(
        self, kind: str, table: SqlaTable, rows: Any, model: Any, key: str, wanted: dict[str, dict[str, Any]]
    ) -> None:
        there = {getattr(row, key): row for row in rows}
        for name, fields in wanted.items():
            if name not in there:
                row = model(**{key: name})
                self._set(row, fields)
                rows.append(row)
                self.changes.append(Change("create", kind, f"{table.table_name}.{name}", []))
            elif changed := self._set(there[name], fields):
                self.changes.append(Change("update", kind, f"{table.table_name}.{name}", changed))
        for name in there.keys() - wanted.keys():
            rows.remove(there[name])
            self._delete(kind, there[name], f"{table.table_name}.{name}")

    def _set(self, row: Any, fields: dict[str, Any]) -> list[str]:
        """Assign what differs; return its names. Assigning an equal value would move ``changed_on`` too."""
        changed = []
        for name, wanted in fields.items():
            found = getattr(row, name)
            if isinstance(wanted, _Json):
                same = _parsed(found) == wanted.value
            elif isinstance(wanted, _Set):
                same = set(found) == set(wanted.members)
            else:
                same = found == wanted
            if not same:
                setattr(row, name, _stored(wanted))
                changed.append(name)
        return changed


@dataclass(frozen=True)
class _Json:
    """A value kept as JSON text: compared as a value."""

    value: Any


@dataclass(frozen=True)
class _Set:
    """A relation without order."""

    members: list[Any]


def _stored(wanted: Any) -> Any:
    """The value as the row keeps it."""
    if isinstance(wanted, _Json):
        return json.dumps(wanted.value, sort_keys=True)
    return wanted.members if isinstance(wanted, _Set) else wanted


def _parsed(text: str | None) -> Any:
    return None if text is None else json.loads(text)
