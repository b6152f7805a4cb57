from pydantic import Field

from .kind import Form, Kind, Page, Query, others


class Donut(Kind):
    """Shares of a whole."""

    viz_type = "pie"
    summed = True

    donut: str
    by: str
    top: int | None = Field(None, ge=2, le=20, description="The largest so many; the rest becomes 'Others'.")

    def form(self, page: Page) -> Form:
        return others(self.by, self.donut, self.top) | {
            "metric": self.donut, "groupby": [self.by], "row_limit": 100, "sort_by_metric": True,
            "donut": True, "innerRadius": 50, "outerRadius": 75,
            "label_type": "key_percent", "label_line": True,
            "show_labels_threshold": 1,  # per cent; smaller slices have no room for a word
            "show_legend": False, "show_total": True,
            "number_format": page.short_format(self.donut),
        }  # fmt: skip

    @staticmethod
    def queries(form: Form, base: Query) -> list[Query]:
        metric = form["metric"]
        share = {"columns": [metric], "rename_columns": [f"{metric}__contribution"]}
        return [base | {
            "columns": form["groupby"], "metrics": [metric], "orderby": [[metric, False]],
            "row_limit": form["row_limit"], "post_processing": [{"operation": "contribution", "options": share}],
        }]  # fmt: skip
