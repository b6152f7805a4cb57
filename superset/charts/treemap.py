from pydantic import Field

from .kind import ROWS, Form, Kind, Page, Query, others


class Treemap(Kind):
    """Shares of a whole, nested."""

    viz_type = "treemap_v2"
    height = 56
    summed = True

    treemap: str
    by: list[str] = Field(min_length=1, max_length=3)
    top: int | None = Field(None, ge=2, le=500, description="The largest so many leaves; the rest become 'Others'.")

    def form(self, page: Page) -> Form:
        return others(self.by[-1], self.treemap, self.top) | {
            "metric": self.treemap, "groupby": self.by, "row_limit": ROWS, "sort_by_metric": True,
            "number_format": page.short_format(self.treemap),
        }  # fmt: skip

    @staticmethod
    def queries(form: Form, base: Query) -> list[Query]:
        return [base | {
            "columns": form["groupby"], "metrics": [form["metric"]], "row_limit": form["row_limit"],
            "orderby": [[form["metric"], False], *([column, True] for column in form["groupby"])],
        }]  # fmt: skip
