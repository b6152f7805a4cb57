"""A bundle: everything of ours that Superset shall hold, without any id of an instance.

UUIDs come from names of files and keys of charts, never from titles: renaming a chart keeps it, and its links.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from uuid import NAMESPACE_URL, UUID, uuid5

from biaac.files import Location
from biaac.releases import Metric
from charts.kind import ALL_TIME, Chart

from .files import Dashboard as DashboardFile

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
class Cell:
    """A place in a row: charts one under the other."""

    width: int
    charts: list[Chart]


@dataclass(frozen=True)
class Dashboard:
    """A dashboard: its rows, and its first period (the first day, and the day after the last; None for all time)."""

    key: str
    file: DashboardFile
    rows: list[list[Cell]]
    period: tuple[date, date] | None
    colors: dict[str, str]
    fault: Callable[[Location, str], str] = field(compare=False)  # ``file:line: field: message``

    @property
    def uuid(self) -> UUID:
        """From the file's name, which is also the last part of the dashboard's address."""
        return uuid5(NAMESPACE_URL, f"biaac/superset/dashboards/{self.key}")

    @property
    def source(self) -> str:
        """The file it comes from: written to Superset as the mark of what is ours."""
        return source(self.key)

    @property
    def charts(self) -> list[Chart]:
        """Every chart, in reading order."""
        return [chart for row in self.rows for cell in row for chart in cell.charts]

    @property
    def time_range(self) -> str:
        """The first period as Superset writes it."""
        return f"{self.period[0]} : {self.period[1]}" if self.period else ALL_TIME


def source(key: str) -> str:
    """The mark on a dashboard, and on its charts."""
    return f"{MARK}dashboards/{key}.yaml"


@dataclass(frozen=True)
class Bundle:
    """All that is ours. ``waiting``: dashboards, by key, of tables that the release does not hold yet, and why."""

    datasets: list[Dataset]
    dashboards: list[Dashboard]
    waiting: dict[str, str]
