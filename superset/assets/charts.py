"""A chart of a file as Superset's chart: its kind there (``viz_type``) and its parameters (``form_data``)."""

import json
from typing import Any

from biaac.releases import Metric

from .files import GRAINS, Area, Bar, Donut, Heatmap, Kpi, Line, Pivot, Table, Treemap, _Chart

COLOR_SCHEME = "biaac"
ROWS = 10_000  # Superset's own cap of a chart's rows
SPARK = {  # a line without anything around it
    "grid": {"left": 4, "right": 4, "top": 4, "bottom": 4},
    "xAxis": {"show": False},
    "yAxis": {"show": False, "scale": True},
}


class Context:
    """What charts of one dashboard share."""

    def __init__(self, *, time: str, grain: str, metrics: dict[str, Metric]) -> None:
        self.time = time
        self.grain = GRAINS[grain]
        self.metrics = metrics

    def format(self, metric: str) -> str:
        """The metric's number format."""
        return self.metrics[metric].format

    def short(self, metric: str) -> str:
        """The format for axes and large numbers."""
        return short_format(self.metrics[metric])


def short_format(metric: Metric) -> str:
    """Its format without cents where values add up: they are noise beside millions, but not in an average."""
    return metric.format.replace(",.2f", ",.0f") if metric.additive else metric.format


def parameters(chart: _Chart, context: Context) -> tuple[str, dict[str, Any]]:
    """``(viz_type, form_data)``, without the dataset and the title."""
    match chart:
        case Kpi():
            viz_type, own = "pop_kpi", _total(chart.kpi, context)
        case Area():
            viz_type, own = "echarts_area", _area(chart, context)
        case Line():
            viz_type, own = "echarts_timeseries_line", _over_time(chart.line, _list(chart.by), chart.top, context)
        case Bar():
            viz_type, own = "echarts_timeseries_bar", _bar(chart, context)
        case Donut():
            viz_type, own = "pie", _donut(chart, context)
        case Treemap():
            viz_type, own = "treemap_v2", _treemap(chart, context)
        case Heatmap():
            viz_type, own = "heatmap_v2", _heatmap(chart, context)
        case Table():
            viz_type, own = "table", _table(chart, context)
        case Pivot():
            viz_type, own = "pivot_table_v2", _pivot(chart, context)
        case _:
            raise TypeError(f"a chart kind without parameters: {type(chart).__name__}")
    return viz_type, _common(viz_type, context) | own


def trend(metric: str, context: Context) -> tuple[str, dict[str, Any]]:
    """The course of a KPI, to stand under its number."""
    own = _over_time(metric, [], None, context) | {
        "stack": None,
        "show_legend": False,
        "opacity": 0.2,
        "x_axis_title_margin": 0,
        "y_axis_title_margin": 0,
        "echart_options": json.dumps(SPARK),
    }
    return "echarts_area", _common("echarts_area", context) | own


def _common(viz_type: str, context: Context) -> dict[str, Any]:
    every_time = {
        "clause": "WHERE",
        "expressionType": "SIMPLE",
        "subject": context.time,
        "operator": "TEMPORAL_RANGE",
        "comparator": "No filter",  # the dashboard's period takes its place
    }
    return {
        "viz_type": viz_type,
        "adhoc_filters": [every_time],
        "annotation_layers": [],
        "color_scheme": COLOR_SCHEME,
        "extra_form_data": {},
    }


def _total(metric: str, context: Context) -> dict[str, Any]:
    return {
        "metric": metric,
        "time_compare": "inherit",  # the period before, as long as the one chosen
        "y_axis_format": context.short(metric),
        "percentDifferenceFormat": "+.1%",
        "header_font_size": 0.5,
        "subheader_font_size": 0.125,
        "column_config": {
            "Previous value": {"displayTypeIcon": False, "customColumnName": "before"},
            "Delta": {"visible": False},  # three numbers are too many for the width of a card
            "Percent change": {"displayTypeIcon": False, "customColumnName": "change"},
        },
        "comparison_color_enabled": True,
        "comparison_color_scheme": "Green",
        "row_limit": ROWS,
    }


def _over_time(metric: str, by: list[str], top: int | None, context: Context) -> dict[str, Any]:
    return {
        "x_axis": context.time,
        "time_grain_sqla": context.grain,
        "metrics": [metric],
        "groupby": by,
        "limit": top or 0,
        "timeseries_limit_metric": metric,
        "group_others_when_limit_reached": top is not None,
        "order_desc": True,
        "row_limit": ROWS,
        "truncate_metric": True,
        "show_empty_columns": True,
        "comparison_type": "values",
        "seriesType": "line",
        "sort_series_type": "sum",
        "sort_series_ascending": False,
        "markerEnabled": False,
        "only_total": True,
        "show_legend": True,
        "legendType": "scroll",
        "legendOrientation": "top",
        "rich_tooltip": True,
        "showTooltipTotal": True,
        "tooltipTimeFormat": "smart_date",
        "x_axis_time_format": "smart_date",
        "x_axis_sort_asc": True,
        "y_axis_format": context.short(metric),
    }


def _area(chart: Area, context: Context) -> dict[str, Any]:
    return _over_time(chart.area, [chart.by], chart.top, context) | {"stack": "Stack", "opacity": 0.7}


def _bar(chart: Bar, context: Context) -> dict[str, Any]:
    return {
        "x_axis": chart.by,
        "xAxisForceCategorical": True,
        "x_axis_sort": chart.bar,
        "x_axis_sort_asc": chart.horizontal,  # the first category of a horizontal chart stands at the bottom
        "metrics": [chart.bar],
        "groupby": [],
        "timeseries_limit_metric": chart.bar,
        "order_desc": True,
        "row_limit": chart.top,
        "orientation": "horizontal" if chart.horizontal else "vertical",
        "truncate_metric": True,
        "show_empty_columns": True,
        "comparison_type": "values",
        "only_total": True,
        "show_legend": False,
        "show_value": True,
        "rich_tooltip": True,
        "y_axis_format": context.short(chart.bar),
        "x_axis_time_format": "smart_date",
    }


def _donut(chart: Donut, context: Context) -> dict[str, Any]:
    return {
        "metric": chart.donut,
        "groupby": [chart.by],
        "row_limit": 100,
        "sort_by_metric": True,
        "donut": True,
        "innerRadius": 50,
        "outerRadius": 75,
        "label_type": "key_percent",
        "labels_outside": True,
        "label_line": True,
        "show_labels": True,
        "show_labels_threshold": 1,  # per cent; smaller slices have no room for a word
        "show_legend": False,
        "show_total": True,
        "number_format": context.short(chart.donut),
        "date_format": "smart_date",
    }


def _treemap(chart: Treemap, context: Context) -> dict[str, Any]:
    return {
        "metric": chart.treemap,
        "groupby": chart.by,
        "row_limit": chart.top or ROWS,
        "sort_by_metric": True,
        "label_type": "key_value",
        "show_labels": True,
        "show_upper_labels": True,
        "number_format": context.short(chart.treemap),
        "date_format": "smart_date",
    }


def _heatmap(chart: Heatmap, context: Context) -> dict[str, Any]:
    down, across = chart.by
    return {
        "metric": chart.heatmap,
        "x_axis": across,
        "groupby": down,
        "sort_x_axis": "alpha_asc",
        "sort_y_axis": "alpha_desc",  # the first value at the top
        "normalize_across": "heatmap",
        "normalized": False,
        "legend_type": "continuous",
        "linear_color_scheme": "schemeBlues",
        "show_legend": True,
        "show_percentage": False,
        "show_values": False,
        "left_margin": "auto",
        "bottom_margin": 40,
        "value_bounds": [None, None],
        "xscale_interval": -1,
        "yscale_interval": -1,
        "row_limit": ROWS,
        "y_axis_format": context.format(chart.heatmap),
        "x_axis_time_format": "smart_date",
    }


def _table(chart: Table, context: Context) -> dict[str, Any]:
    return {
        "query_mode": "aggregate",
        "groupby": chart.by,
        "metrics": chart.table,
        "all_columns": [],
        "percent_metrics": [],
        "order_by_cols": [],
        "timeseries_limit_metric": chart.table[0],
        "order_desc": True,
        "row_limit": chart.top,
        "server_page_length": 10,
        "show_totals": chart.totals,
        "show_cell_bars": True,
        "color_pn": False,
        "allow_render_html": False,
        "include_search": False,
        "table_timestamp_format": "smart_date",
        "column_config": {metric: {"d3NumberFormat": context.format(metric)} for metric in chart.table},
    }


def _pivot(chart: Pivot, context: Context) -> dict[str, Any]:
    additive = context.metrics[chart.pivot].additive
    return {
        "groupbyRows": chart.rows,
        "groupbyColumns": chart.columns,
        "metrics": [chart.pivot],
        "metricsLayout": "COLUMNS",
        "aggregateFunction": "Sum",
        "rowOrder": "value_z_to_a",
        "colOrder": "value_z_to_a",
        # The browser adds the cells up, which is right for nothing but additive metrics.
        "rowTotals": additive,
        "colTotals": additive,
        "order_desc": True,
        "row_limit": ROWS,
        "valueFormat": context.short(chart.pivot),
        "date_format": "smart_date",
        "temporal_columns_lookup": {context.time: True},
    }


def _list(value: str | None) -> list[str]:
    return [value] if value else []
