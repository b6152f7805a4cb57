"""The queries a browser sends, built without one: what a refresh warms, and what a chart keeps for warm-up.

They equal what Superset 6.1's front end sends (``buildQuery`` of each chart kind): a query that differs by one field
has another cache key. tests/browser compares them with a real browser: after a refresh its answers are in the cache.
"""

from typing import Any

from charts.kind import GRAINS, Chart, Form, Query

from .bundle import Dashboard


def query_context(chart: Chart, dataset: int, *, dashboard: Dashboard | None) -> dict[str, Any]:
    """The body of ``POST /api/v1/chart/data``; on ``dashboard``, with its filters as they are at first."""
    extra: dict[str, str] = {}
    if dashboard is not None and chart.dataset == dashboard.file.model:
        extra = {"time_range": dashboard.time_range, "time_grain_sqla": GRAINS[dashboard.file.grain.grain]}
    return _context(dataset, chart.queries(chart.form, _base(chart.form, extra)))


def filter_contexts(dashboard: Dashboard, dataset: int) -> list[dict[str, Any]]:
    """The bodies by which the select filters ask for their lists."""
    base = _base({"adhoc_filters": []}, {})
    return [
        _context(dataset, [base | {"columns": [column], "orderby": [[column, True]], "row_limit": 1000}])
        for column in dashboard.file.selects
    ]


def _context(dataset: int, queries: list[Query]) -> dict[str, Any]:
    return {
        "datasource": {"id": dataset, "type": "table"},
        "force": False,
        "queries": queries,
        "result_format": "json",
        "result_type": "full",
    }


def _base(form: Form, extra: dict[str, str]) -> Query:
    grain = extra.get("time_grain_sqla") or form.get("time_grain_sqla")
    extras = {"having": "", "where": ""}
    query: Query = {
        "filters": [
            {"col": one["subject"], "op": one["operator"], "val": one["comparator"]} for one in form["adhoc_filters"]
        ],
        "extras": {"time_grain_sqla": grain, **extras} if grain else extras,
        "columns": [], "metrics": [], "annotation_layers": [], "order_desc": form.get("order_desc", True),
        "series_limit": 0, "group_others_when_limit_reached": False,
        "applied_time_extras": {}, "url_params": {}, "custom_params": {}, "custom_form_data": {},
    }  # fmt: skip
    series = ("series_columns", "series_limit", "series_limit_metric", "group_others_when_limit_reached")
    query |= {name: form[name] for name in series if name in form}
    if "time_range" in extra:
        query["time_range"] = extra["time_range"]
    return query
