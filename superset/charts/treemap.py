from pydantic import Field

from .kind import ROWS, Form, Kind, Page, Query


class Treemap(Kind):
    """Shares of a whole, nested."""

    viz_type = "treemap_v2"
    height = 56
    summed = True

    treemap: str
    by: list[str] = Field(min_length=1, max_length=3)
    top: int | None = Field(None, ge=2, le=500, description="Only the largest so many.")

    def default_title(self, page: Page) -> str:
        title = super().default_title(page)
        return f"{title}, largest {self.top}" if self.top else title

    def form(self, page: Page) -> Form:
        return {
            "metric": self.treemap, "groupby": self.by, "row_limit": self.top or ROWS, "sort_by_metric": True,
            "number_format": page.short_format(self.treemap),
        }  # fmt: skip

    @staticmethod
    def queries(form: Form, base: Query) -> list[Query]:
        """The largest groups."""
        return [base | {
            "columns": form["groupby"], "metrics": [form["metric"]], "row_limit": form["row_limit"],
            "orderby": [[form["metric"], False], *([column, True] for column in form["groupby"])],
        }]  # fmt: skip
