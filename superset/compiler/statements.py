"""A chart's queries as SQL, without Superset: whether they run on a release, whoever asks.

Superset writes the same columns, metrics, period, groups and order in its own words; those are what a refresh warms.
"""

from collections.abc import Iterator
from typing import Any

from charts.kind import GRAINS, Query

from .bundle import Bundle, Column, Dataset
from .catalog import TIMES
from .queries import filter_contexts, query_context

UNITS = {iso: unit for unit, iso in GRAINS.items()}


def statements(bundle: Bundle) -> Iterator[tuple[str, str, int]]:
    """For every query of every chart, and every filter's list: what it is, with file and line, its SQL, its limit.

    The limit is the number of rows that it must not reach, or 0: beyond it, what a chart shows would be of a part.
    """
    datasets = {one.key: one for one in bundle.datasets}
    for dashboard in bundle.dashboards:
        for chart in dashboard.charts:
            for query in query_context(chart, 0, dashboard=dashboard)["queries"]:
                place = dashboard.fault(chart.location, f"chart {chart.title!r}")
                yield place, statement(query, datasets[chart.dataset]), query.get("row_limit", 0) if chart.whole else 0
        for context in filter_contexts(dashboard, 0):
            (query,) = context["queries"]
            number = dashboard.file.selects[query["columns"][0]]
            sql = statement(query, datasets[dashboard.file.model])
            yield dashboard.fault(("filters", number), "the filter's list"), sql, 0


def statement(query: Query, dataset: Dataset) -> str:
    """One query as SQL."""
    columns = {one.name: one for one in dataset.columns}
    expressions = {one.name: one.expression for one in dataset.metrics}
    groups = {_label(one): _column(one, columns) for one in query["columns"]}
    metrics = {name: expressions[name] for name in query.get("metrics", [])}
    selected = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in {**groups, **metrics}.items())
    source = f"({dataset.sql}) AS source" if dataset.sql else f"{quoted(dataset.schema)}.{quoted(dataset.table)}"
    parts = [f"SELECT {selected} FROM {source}"]
    begin, _, end = query.get("time_range", "").partition(" : ")
    for one in query["filters"] if end else []:
        column = columns[one["col"]]
        name, kind = quoted(column.name), column.type
        parts.append(f"WHERE {name} >= {kind} '{begin}' AND {name} < {kind} '{end}'")
    if groups and "metrics" in query:
        parts.append("GROUP BY " + ", ".join(groups.values()))
    if query.get("orderby"):
        orders = (f"{quoted(name)} {'ASC' if ascending else 'DESC'}" for name, ascending in query["orderby"])
        parts.append("ORDER BY " + ", ".join(orders))
    if query.get("row_limit"):
        parts.append(f"LIMIT {query['row_limit']}")
    return "\n".join(parts)


def quoted(name: str) -> str:
    """An identifier, whatever letters it has."""
    return '"' + name.replace('"', '""') + '"'


def _label(column: str | dict[str, Any]) -> str:
    return column if isinstance(column, str) else str(column["label"])


def _column(column: str | dict[str, Any], columns: dict[str, Column]) -> str:
    """A column's own SQL; as a chart's axis cut into its grain."""
    known = columns[_label(column)]
    sql = known.expression or quoted(known.name)
    if isinstance(column, dict) and known.type in TIMES and "timeGrain" in column:
        return f"date_trunc('{UNITS[column['timeGrain']]}', {sql})"
    return sql
