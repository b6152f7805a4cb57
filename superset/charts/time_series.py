"""Values over time, as Superset's line and area charts draw them; its bar charts send the same query."""

from .kind import ROWS, Form, Page, Query, axis


def form(metric: str, by: str | None, top: int | None, page: Page) -> Form:
    """One series for each value of ``by``; beyond the ``top`` largest they are one, named Others."""
    return {
        "x_axis": page.time, "time_grain_sqla": page.grain, "metrics": [metric], "groupby": [by] if by else [],
        "limit": top or 0, "group_others_when_limit_reached": top is not None, "timeseries_limit_metric": metric,
        "order_desc": True, "row_limit": ROWS, "truncate_metric": True, "show_empty_columns": True,
        "comparison_type": "values", "only_total": True, "showTooltipTotal": True, "x_axis_sort_asc": True,
        "sort_series_type": "sum", "sort_series_ascending": False, "y_axis_format": page.short_format(metric),
    }  # fmt: skip


def queries(form: Form, base: Query) -> list[Query]:
    """Rows of time and group, turned by Superset into a column for each group."""
    metrics, by = form["metrics"], form["groupby"]
    pivot = {
        "index": [form["x_axis"]],
        "columns": by,
        "aggregates": {metric: {"operator": "mean"} for metric in metrics},
        "drop_missing_columns": False,
    }
    steps: list[Query] = [{"operation": "pivot", "options": pivot}]
    if sort := form.get("x_axis_sort"):
        steps.append({"operation": "sort", "options": {"by": sort, "ascending": form["x_axis_sort_asc"]}})
    if by:
        steps.append({"operation": "rename", "options": {"columns": {metrics[0]: None}, "level": 0, "inplace": True}})
    steps.append({"operation": "flatten"})
    return [base | {
        "columns": [axis(form["x_axis"], base), *by], "metrics": metrics, "row_limit": form["row_limit"],
        "orderby": [[form["timeseries_limit_metric"], False]],
        "series_columns": by, "series_limit": form.get("limit", 0),
        "series_limit_metric": form["timeseries_limit_metric"],
        "group_others_when_limit_reached": form.get("group_others_when_limit_reached", False),
        "time_offsets": [], "post_processing": steps,
    }]  # fmt: skip
