from pydantic import Field

from .kind import ROWS, Form, Kind, Page, Query


class Pivot(Kind):
    """One metric, rows by columns."""

    viz_type = "pivot_table_v2"
    height = 56
    grouping = ("rows", "columns")

    pivot: str
    rows: list[str] = Field(min_length=1)
    columns: list[str] = Field(min_length=1)

    def form(self, page: Page) -> Form:
        additive = page.metrics[self.pivot].additive
        return {
            "groupbyRows": self.rows, "groupbyColumns": self.columns, "metrics": [self.pivot], "row_limit": ROWS,
            "metricsLayout": "COLUMNS", "aggregateFunction": "Sum", "order_desc": True,
            "rowOrder": "value_z_to_a", "colOrder": "value_z_to_a",
            # The browser adds the cells up, which is right for additive metrics only.
            "rowTotals": additive, "colTotals": additive,
            "valueFormat": page.short_format(self.pivot), "date_format": "smart_date",
            "temporal_columns_lookup": {page.time: True},
        }  # fmt: skip

    @staticmethod
    def queries(form: Form, base: Query) -> list[Query]:
        return [base | {
            "columns": form["groupbyColumns"] + form["groupbyRows"], "metrics": form["metrics"],
            "orderby": [[form["metrics"][0], False]], "row_limit": form["row_limit"],
        }]  # fmt: skip
