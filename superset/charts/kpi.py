import json
from dataclasses import replace

from . import time_series
from .kind import ROWS, Chart, Form, Kind, Page, Query

# A number and its course together are 38 units high, as no other chart is.
HEIGHT, COURSE_HEIGHT = 24, 14
COURSE = {  # an area without anything around it
    "stack": None,
    "show_legend": False,
    "opacity": 0.2,
    "x_axis_title_margin": 0,
    "y_axis_title_margin": 0,
    "echart_options": json.dumps(
        {
            "grid": {"left": 4, "right": 4, "top": 4, "bottom": 4},
            "xAxis": {"show": False},
            "yAxis": {"show": False, "scale": True},
        }
    ),
}


class Kpi(Kind):
    """The period's number, its change on the period before, and its course."""

    viz_type = "pop_kpi"
    height = HEIGHT

    kpi: str

    def charts(self, page: Page) -> list[Chart]:
        """The number, and under it its course."""
        (number,) = super().charts(page)
        course = replace(
            number,
            key=f"trend-{self.key or self.kpi}",
            title=f"{number.title} over time",
            viz_type="echarts_area",
            form=page.form("echarts_area") | time_series.form(self.kpi, None, None, page) | COURSE,
            queries=time_series.queries,
            height=COURSE_HEIGHT,
        )
        return [number, course]

    def form(self, page: Page) -> Form:
        if not page.compared:
            return {"viz_type": "big_number_total", "metric": self.kpi, "y_axis_format": page.short_format(self.kpi)}
        return {
            "metric": self.kpi, "row_limit": ROWS,
            "time_compare": "inherit",  # the period before, as long as the one chosen
            "comparison_color_enabled": True, "comparison_color_scheme": "Green",
            "header_font_size": 0.5, "subheader_font_size": 0.125,
            "y_axis_format": page.short_format(self.kpi), "percentDifferenceFormat": "+.1%",
            "column_config": {
                "Previous value": {"displayTypeIcon": False, "customColumnName": "before"},
                "Delta": {"visible": False},  # three numbers are too many for the width of a card
                "Percent change": {"displayTypeIcon": False, "customColumnName": "change"},
            },
        }  # fmt: skip

    @staticmethod
    def queries(form: Form, base: Query) -> list[Query]:
        if form["viz_type"] == "big_number_total":
            return [base | {"metrics": [form["metric"]]}]
        return [base | {
            "metrics": [form["metric"]], "row_limit": form["row_limit"],
            "time_offsets": ["inherit"], "post_processing": [],
        }]  # fmt: skip
