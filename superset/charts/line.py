from pydantic import Field

from . import time_series
from .kind import Form, Kind, Page


class Line(Kind):
    """Over time, one line a value."""

    viz_type = "echarts_timeseries_line"

    line: str
    by: str | None = None
    top: int | None = Field(None, ge=2, le=20)

    def form(self, page: Page) -> Form:
        return time_series.form(self.line, self.by, self.top, page)

    queries = staticmethod(time_series.queries)
