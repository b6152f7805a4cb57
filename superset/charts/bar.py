from pydantic import Field

from . import time_series
from .kind import Form, Kind, Page


class Bar(Kind):
    """The largest values, in order."""

    viz_type = "echarts_timeseries_bar"
    largest = True

    bar: str
    by: str
    top: int = Field(10, ge=2, le=50)
    horizontal: bool = False

    def default_title(self, page: Page) -> str:
        return f"{super().default_title(page)}, largest {self.top}"

    def form(self, page: Page) -> Form:
        return {
            "x_axis": self.by, "xAxisForceCategorical": True, "metrics": [self.bar], "groupby": [],
            "x_axis_sort": self.bar,
            "x_axis_sort_asc": self.horizontal,  # the first category of a horizontal chart stands at the bottom
            "timeseries_limit_metric": self.bar, "order_desc": True, "row_limit": self.top,
            "orientation": "horizontal" if self.horizontal else "vertical",
            "truncate_metric": True, "show_empty_columns": True, "comparison_type": "values", "only_total": True,
            "show_legend": False, "show_value": True, "rich_tooltip": True,
            "x_axis_time_format": "smart_date", "y_axis_format": page.short_format(self.bar),
        }  # fmt: skip

    queries = staticmethod(time_series.queries)
