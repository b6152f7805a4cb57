"""The queries a browser sends for a chart, built without one: what refresh warms, and what a chart keeps for warm-up.

Written to what Superset 6.1's front end sends (``buildQuery`` of each chart kind); a query that differs by one field
has another cache key. tests/browser holds this to a real browser: after a refresh its answers must be in the cache.
"""

from typing import Any

from .bundle import Chart, DashboardSpec
from .files import GRAINS, SelectFilter

Query = dict[str, Any]


def query_context(chart: Chart, dataset_id: int, *, dashboard: DashboardSpec | None) -> dict[str, Any]:
    """The body of ``POST /api/v1/chart/data``; on ``dashboard``, with its filters as they first are."""
    form = chart.parameters
    extra: dict[str, Any] = {}
    if dashboard is not None and chart.dataset == dashboard.file.model:
        extra = {"time_range": dashboard.time_range, "time_grain_sqla": GRAINS[dashboard.file.grain.grain]}
    return {
        "datasource": {"id": dataset_id, "type": "table"},
        "force": False,
        "queries": _QUERIES[form["viz_type"]](form, _base(form, extra), extra),
        "result_format": "json",
        "result_type": "full",
    }


def filter_contexts(dashboard: DashboardSpec, dataset_id: int) -> list[dict[str, Any]]:
    """What the lists of the select filters ask."""
    contexts = []
    for one in dashboard.file.filters:
        if isinstance(one, SelectFilter):
            query = _base({"adhoc_filters": []}, {}) | {
                "columns": [one.select],
                "metrics": [],
                "orderby": [[one.select, True]],
                "row_limit": 1000,
            }
            contexts.append(
                {
                    "datasource": {"id": dataset_id, "type": "table"},
                    "force": False,
                    "queries": [query],
                    "result_format": "json",
                    "result_type": "full",
                }
            )
    return contexts


def _base(form: dict[str, Any], extra: dict[str, Any]) -> Query:
    grain = extra.get("time_grain_sqla") or form.get("time_grain_sqla")
    extras = {"having": "", "where": ""}
    query: Query = {
        "filters": [
            {"col": one["subject"], "op": one["operator"], "val": one["comparator"]} for one in form["adhoc_filters"]
        ],
        "extras": {"time_grain_sqla": grain, **extras} if grain else extras,
        "applied_time_extras": {},
        "columns": [],
        "metrics": [],
        "annotation_layers": [],
        "series_limit": 0,
        "group_others_when_limit_reached": False,
        "order_desc": form.get("order_desc", True),
        "url_params": {},
        "custom_params": {},
        "custom_form_data": {},
    }
    if "time_range" in extra:
        query["time_range"] = extra["time_range"]
    return query


def _axis(column: str, query: Query) -> dict[str, Any]:
    grain = query["extras"].get("time_grain_sqla")
    axis = {
        "columnType": "BASE_AXIS",
        "sqlExpression": column,
        "label": column,
        "expressionType": "SQL",
        "isColumnReference": True,
    }
    return {"timeGrain": grain, **axis} if grain else axis


def _total(form: dict[str, Any], base: Query, extra: dict[str, Any]) -> list[Query]:
    return [
        base
        | {
            "metrics": [form["metric"]],
            "row_limit": form["row_limit"],
            "time_offsets": ["inherit"],
            "post_processing": [],
        }
    ]


def _over_time(form: dict[str, Any], base: Query, extra: dict[str, Any]) -> list[Query]:
    metrics, axis, by = form["metrics"], form["x_axis"], form["groupby"]
    pivot = {
        "index": [axis],
        "columns": by,
        "aggregates": {metric: {"operator": "mean"} for metric in metrics},
        "drop_missing_columns": False,
    }
    steps: list[Query] = [{"operation": "pivot", "options": pivot}]
    if form.get("x_axis_sort"):
        steps.append(
            {"operation": "sort", "options": {"by": form["x_axis_sort"], "ascending": form["x_axis_sort_asc"]}}
        )
    if by and len(metrics) == 1:
        steps.append({"operation": "rename", "options": {"columns": {metrics[0]: None}, "level": 0, "inplace": True}})
    steps.append({"operation": "flatten"})
    return [
        base
        | {
            "columns": [_axis(axis, base), *by],
            "metrics": metrics,
            "orderby": [[form["timeseries_limit_metric"], False]],
            "row_limit": form["row_limit"],
            "series_columns": by,
            "series_limit": form.get("limit", 0),
            "series_limit_metric": form["timeseries_limit_metric"],
            "group_others_when_limit_reached": form.get("group_others_when_limit_reached", False),
            "time_offsets": [],
            "post_processing": steps,
        }
    ]


def _donut(form: dict[str, Any], base: Query, extra: dict[str, Any]) -> list[Query]:
    metric = form["metric"]
    share = {"columns": [metric], "rename_columns": [f"{metric}__contribution"]}
    return [
        base
        | {
            "columns": form["groupby"],
            "metrics": [metric],
            "orderby": [[metric, False]],
            "row_limit": form["row_limit"],
            "post_processing": [{"operation": "contribution", "options": share}],
        }
    ]


def _treemap(form: dict[str, Any], base: Query, extra: dict[str, Any]) -> list[Query]:
    return [
        base
        | {
            "columns": form["groupby"],
            "metrics": [form["metric"]],
            "orderby": [[form["metric"], False], *([column, True] for column in form["groupby"])],
            "row_limit": form["row_limit"],
        }
    ]


def _heatmap(form: dict[str, Any], base: Query, extra: dict[str, Any]) -> list[Query]:
    return [
        base
        | {
            "columns": [_axis(form["x_axis"], base), form["groupby"]],
            "metrics": [form["metric"]],
            "orderby": [[form["x_axis"], True], [form["groupby"], False]],
            "row_limit": form["row_limit"],
            "post_processing": [{"operation": "rank", "options": {"metric": form["metric"]}}],
        }
    ]


def _table(form: dict[str, Any], base: Query, extra: dict[str, Any]) -> list[Query]:
    if form["query_mode"] == "raw":
        del base["metrics"]
        return [
            base
            | {
                "columns": form["all_columns"],
                "orderby": [],
                "row_limit": form["row_limit"],
                "post_processing": [],
                "time_offsets": [],
            }
        ]
    main = base | {
        "columns": form["groupby"],
        "metrics": form["metrics"],
        "orderby": [[form["timeseries_limit_metric"], False]],
        "row_limit": form["row_limit"],
        "series_limit_metric": form["timeseries_limit_metric"],
        "post_processing": [],
        "time_offsets": [],
    }
    if not form["show_totals"]:
        return [main]
    totals = main | {"columns": [], "row_limit": 0, "row_offset": 0, "post_processing": []}
    del totals["orderby"], totals["order_desc"]
    return [main, totals]


def _pivot(form: dict[str, Any], base: Query, extra: dict[str, Any]) -> list[Query]:
    return [
        base
        | {
            "columns": form["groupbyColumns"] + form["groupbyRows"],
            "metrics": form["metrics"],
            "orderby": [[form["metrics"][0], False]],
            "row_limit": form["row_limit"],
        }
    ]


_QUERIES = {
    "pop_kpi": _total,
    "echarts_area": _over_time,
    "echarts_timeseries_line": _over_time,
    "echarts_timeseries_bar": _over_time,
    "pie": _donut,
    "treemap_v2": _treemap,
    "heatmap_v2": _heatmap,
    "table": _table,
    "pivot_table_v2": _pivot,
}
