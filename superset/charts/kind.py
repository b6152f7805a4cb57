"""What every chart kind shares: the fields of any chart, and how a chart of a file becomes Superset's."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import Field

from biaac.files import Location
from biaac.records import Record
from biaac.releases import Metric

COLUMNS = 12  # of Superset's grid
GRAINS = {"day": "P1D", "week": "P1W", "month": "P1M", "quarter": "P3M", "year": "P1Y"}
ALL_TIME = "No filter"  # Superset's word for it
COLOR_SCHEME = "biaac"
LANGUAGE = "en"
KEY = r"^[a-z0-9_-]+$"  # of a dashboard or chart: a part of an address
ROWS = 10_000  # Superset's own cap of a chart's rows

Form = dict[str, Any]  # a chart's parameters as Superset keeps them (form_data)
Query = dict[str, Any]  # one query of a chart as a browser sends it


@dataclass(frozen=True)
class Chart:
    """A chart of Superset, without the id of an instance; ``key`` is unique in its dashboard."""

    dashboard: str
    key: str
    title: str
    description: str
    dataset: str
    viz_type: str
    form: Form
    queries: Callable[[Form, Query], list[Query]]
    height: int  # in grid units of 8 pixels
    whole: bool  # whether all groups are in it, so that a limit of rows must not be met
    location: Location = ()  # in the dashboard's file

    @property
    def uuid(self) -> UUID:
        """From the dashboard's file and the chart's key, never from the title: a renamed chart keeps its links."""
        return uuid5(NAMESPACE_URL, f"biaac/superset/dashboards/{self.dashboard}/charts/{self.key}")


@dataclass(frozen=True)
class Page:
    """What the charts of one dashboard share. ``grain`` is Superset's name of it, ``time`` a column of ``model``.

    ``compared``: whether there is a period before the first one; not where that is all time.
    """

    dashboard: str
    model: str
    time: str
    grain: str
    metrics: dict[str, Metric]
    compared: bool

    def form(self, viz_type: str) -> Form:
        """Parameters that every chart has."""
        any_time = {
            "clause": "WHERE",
            "expressionType": "SIMPLE",
            "subject": self.time,
            "operator": "TEMPORAL_RANGE",
            "comparator": ALL_TIME,  # the dashboard's period takes its place
        }
        return {
            "viz_type": viz_type,
            "adhoc_filters": [any_time],
            "annotation_layers": [],
            "color_scheme": COLOR_SCHEME,
            "extra_form_data": {},
        }

    def format(self, metric: str) -> str:
        """The metric's number format."""
        return self.metrics[metric].format

    def short_format(self, metric: str) -> str:
        """The format for axes and large numbers."""
        return short_format(self.metrics[metric])


class Kind(Record):
    """A chart as a person writes it. Each kind adds the field of its own name, which holds one metric or several."""

    viz_type: ClassVar[str]  # the kind in Superset
    height: ClassVar[int] = 50
    summed: ClassVar[bool] = False  # whether it adds up the values of groups: right for additive metrics only
    largest: ClassVar[bool] = False  # whether it shows the largest groups, as it says, instead of all
    grouping: ClassVar[tuple[str, ...]] = ("by",)  # its fields that hold columns

    key: str | None = Field(None, pattern=KEY, description="Keeps the chart when kind, metric or columns change.")
    title: str | None = Field(None, min_length=1, max_length=80, description="Default: made of metric and columns.")
    width: int | None = Field(None, ge=2, le=COLUMNS, description=f"Of {COLUMNS}; default: what is left, shared.")

    @abstractmethod
    def form(self, page: Page) -> Form:
        """Superset's parameters of this chart, beyond those of every chart."""

    @staticmethod
    @abstractmethod
    def queries(form: Form, base: Query) -> list[Query]:
        """What a browser sends for a chart with this form; ``base`` holds what it sends with any query."""

    @classmethod
    def kind(cls) -> str:
        """``donut``: the name of the file."""
        return cls.__module__.rpartition(".")[2]

    @property
    def metrics(self) -> list[str]:
        """The metrics it shows."""
        return _names(getattr(self, self.kind()))

    @property
    def groups(self) -> list[tuple[str, str]]:
        """Field and name of every column that it groups by."""
        return [(field, column) for field in self.grouping for column in _names(getattr(self, field, None))]

    @property
    def others(self) -> str | None:
        """The column of which only the ``top`` largest values are shown, and the rest as one: Others."""
        return self.groups[-1][1] if getattr(self, "top", None) and self.groups and not self.largest else None

    @property
    def identity(self) -> str:
        """What it is known by in its file, whatever its title and place: its key, or kind, metrics, columns."""
        return self.key or "-".join([self.kind(), *self.metrics, *(column for _, column in self.groups)])

    def default_title(self, page: Page) -> str:
        """``Revenue by country``."""
        first, *others = [page.metrics[metric].label[LANGUAGE] for metric in self.metrics]
        title = first
        if lower := [label.lower() for label in others]:
            title = f"{', '.join([first, *lower[:-1]])} and {lower[-1]}"
        if columns := [label(column).lower() for _, column in self.groups]:
            title = f"{title} by {' and '.join(columns)}"
        return title

    def charts(self, page: Page) -> list[Chart]:
        """Superset's charts for it, one under the other: most kinds are one."""
        return [
            Chart(
                dashboard=page.dashboard,
                key=self.identity,
                title=self.title or self.default_title(page),
                description=" ".join(page.metrics[metric].description for metric in self.metrics),
                dataset=page.model,
                viz_type=(form := page.form(self.viz_type) | self.form(page))["viz_type"],
                form=form,
                queries=self.queries,
                height=self.height,
                whole=not self.largest,
            )
        ]


def label(name: str) -> str:
    """``order_month`` -> ``Order month``."""
    return name.replace("_", " ").capitalize()


def short_format(metric: Metric) -> str:
    """Its format without cents where values add up: they are noise beside millions, but not in an average."""
    return metric.format.replace(",.2f", ",.0f") if metric.additive else metric.format


def others(column: str, metric: str, top: int | None) -> Form:
    """Beyond the ``top`` largest values of ``column`` the rest are one, named Others: parts still make the whole."""
    if top is None:
        return {}
    return {
        "series_columns": [column],
        "series_limit": top,
        "series_limit_metric": metric,
        "group_others_when_limit_reached": True,
    }


def axis(column: str, base: Query) -> dict[str, Any]:
    """A column as a chart's x axis, with the query's time grain if there is one."""
    grain = base["extras"].get("time_grain_sqla")
    reference = {
        "columnType": "BASE_AXIS",
        "sqlExpression": column,
        "label": column,
        "expressionType": "SQL",
        "isColumnReference": True,
    }
    return {"timeGrain": grain, **reference} if grain else reference


def _names(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])
