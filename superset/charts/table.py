from pydantic import Field

from .kind import Form, Kind, Page, Query


class Table(Kind):
    """Several metrics side by side."""

    viz_type = "table"
    largest = True
    height = 54

    table: list[str] = Field(min_length=1)
    by: list[str] = Field(min_length=1)
    totals: bool = False
    top: int = Field(100, ge=1, le=1000)

    def form(self, page: Page) -> Form:
        return {
            "query_mode": "aggregate", "groupby": self.by, "metrics": self.table, "row_limit": self.top,
            "all_columns": [], "percent_metrics": [], "order_by_cols": [],
            "timeseries_limit_metric": self.table[0], "order_desc": True,
            "server_page_length": 10, "include_search": False, "show_totals": self.totals,
            "show_cell_bars": True, "color_pn": False, "allow_render_html": False,
            "table_timestamp_format": "smart_date",
            "column_config": {metric: {"d3NumberFormat": page.format(metric)} for metric in self.table},
        }  # fmt: skip

    @staticmethod
    def queries(form: Form, base: Query) -> list[Query]:
        # The line of totals is computed by the service: right for any metric, and for all groups.
        rows = base | {
            "columns": form["groupby"], "metrics": form["metrics"], "row_limit": form["row_limit"],
            "orderby": [[form["timeseries_limit_metric"], False]],
            "series_limit_metric": form["timeseries_limit_metric"], "post_processing": [], "time_offsets": [],
        }  # fmt: skip
        if not form["show_totals"]:
            return [rows]
        totals = rows | {"columns": [], "row_limit": 0, "row_offset": 0, "post_processing": []}
        del totals["orderby"], totals["order_desc"]
        return [rows, totals]
