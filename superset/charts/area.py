from pydantic import Field

from . import time_series
from .kind import Form, Kind, Page


class Area(Kind):
    """Stacked over time."""

    viz_type = "echarts_area"
    summed = True

    area: str
    by: str
    top: int | None = Field(None, ge=2, le=20, description="The largest so many; the rest becomes 'Others'.")

    def form(self, page: Page) -> Form:
        return time_series.form(self.area, self.by, self.top, page) | {"stack": "Stack", "opacity": 0.7}

    queries = staticmethod(time_series.queries)
