"""A bundle: everything that shall be ours in Superset, without any id of an instance.

UUIDs come from names of files and keys of charts, never from titles: renaming a chart keeps it, and its links.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from biaac.releases import Metric

from .files import Dashboard

DATABASE = "Cache service"
DATABASE_UUID = uuid5(NAMESPACE_URL, "biaac/superset/databases/cache")
MARK = "superset/"  # begins the source of what is ours, kept beside Superset's own "managed externally"


@dataclass(frozen=True)
class Column:
    """A column of a dataset; ``expression`` where it is derived."""

    name: str
    type: str
    label: str
    description: str
    expression: str | None = None


@dataclass(frozen=True)
class Dataset:
    """A table of the release, or (``sql``) a statement over it. ``key`` names it in uuids."""

    key: str
    schema: str
    table: str
    description: str
    time: str | None
    columns: list[Column]
    metrics: list[Metric]
    sql: str | None = None

    @property
    def uuid(self) -> UUID:
        """The same wherever it is applied."""
        return uuid5(NAMESPACE_URL, f"biaac/superset/datasets/{self.key}")

    @property
    def source(self) -> str:
        """The mark of what is ours."""
        return f"{MARK}datasets/{self.key}"


@dataclass(frozen=True)
class Chart:
    """A chart of one dashboard; ``key`` is unique in it."""

    dashboard: str
    key: str
    title: str
    description: str
    viz_type: str
    parameters: dict[str, Any]
    dataset: str

    @property
    def uuid(self) -> UUID:
        """From the dashboard's file and the chart's key."""
        return uuid5(NAMESPACE_URL, f"biaac/superset/dashboards/{self.dashboard}/charts/{self.key}")


@dataclass(frozen=True)
class Cell:
    """A place in a row: charts one under the other, each with its height in grid units (8 pixels)."""

    width: int
    charts: list[tuple[Chart, int]]


@dataclass(frozen=True)
class DashboardSpec:
    """A dashboard: its rows, and what its filters say at first."""

    key: str
    file: Dashboard
    rows: list[list[Cell]]
    period: tuple[date, date]
    colors: dict[str, str] = field(default_factory=dict)

    @property
    def uuid(self) -> UUID:
        """From the file's name."""
        return uuid5(NAMESPACE_URL, f"biaac/superset/dashboards/{self.key}")

    @property
    def slug(self) -> str:
        """The last part of its address: the file's name."""
        return self.key

    @property
    def source(self) -> str:
        """The file it comes from: written to Superset as the mark of what is ours."""
        return f"{MARK}dashboards/{self.key}.yaml"

    @property
    def charts(self) -> list[Chart]:
        """Every chart, in reading order."""
        return [chart for row in self.rows for cell in row for chart, _ in cell.charts]

    @property
    def time_range(self) -> str:
        """The default period as Superset writes it: from the first day to the day after the last."""
        return f"{self.period[0]} : {self.period[1]}"


@dataclass(frozen=True)
class Bundle:
    """All that is ours."""

    datasets: list[Dataset]
    dashboards: list[DashboardSpec]
