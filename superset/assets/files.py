"""The files a person writes: ``dashboards/*.yaml``, and ``datasets/*.yaml`` for what a model does not say itself."""

import json
import re
from datetime import date, timedelta
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator

from biaac.records import Record

COLUMNS = 12  # of Superset's grid
GRAINS = {"day": "P1D", "week": "P1W", "month": "P1M", "quarter": "P3M", "year": "P1Y"}


class File(Record):
    """A part of a file: unknown fields are errors, not comments."""


class Text(File):
    """A text by language. Dashboards are compiled in English; Portuguese is kept with the file."""

    en: str = Field(min_length=1, max_length=200)
    pt: str | None = None


class Period(NamedTuple):
    """``last 13 weeks``."""

    length: int
    unit: str

    def until(self, reached: date) -> tuple[date, date]:
        """The first day, and the day after the last, of the ``length`` whole units before the one data has reached.

        The unit that data has reached may still be filling, on its last day too; so it is never part.
        """
        if self.unit == "day":
            return reached - timedelta(days=self.length), reached
        if self.unit == "week":
            monday = reached - timedelta(days=reached.weekday())
            return monday - timedelta(weeks=self.length), monday
        first = reached.replace(day=1)
        year, month = divmod(first.year * 12 + first.month - 1 - self.length, 12)
        return date(year, month + 1, 1), first


PERIOD = r"^last ([1-9]\d{0,2}) (day|week|month)s$"


def _period(value: Any) -> Any:
    match = re.fullmatch(PERIOD, value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("such as 'last 13 weeks', 'last 90 days' or 'last 12 months'")
    return Period(int(match[1]), match[2])


class PeriodFilter(File):
    """From when to when; the default ends with the last complete unit of the data, not of the calendar."""

    period: str = Field(description="A date or timestamp column.")
    default: Annotated[Period, BeforeValidator(_period), WithJsonSchema({"type": "string", "pattern": PERIOD})]


class GrainFilter(File):
    """How charts over time are cut."""

    grain: Literal["day", "week", "month", "quarter", "year"]


class SelectFilter(File):
    """Values of a column, several at a time; ``within`` offers only those of another filter's choice."""

    select: str
    within: str | None = None


class _Chart(File):
    title: str | None = Field(None, min_length=1, max_length=80, description="Default: made of metric and columns.")
    width: int | None = Field(None, ge=2, le=COLUMNS, description=f"Of {COLUMNS}; default: what is left, shared.")


class Kpi(_Chart):
    """The period's number, its change on the period before, and its course."""

    kpi: str


class Area(_Chart):
    """Stacked over time."""

    area: str
    by: str
    top: int | None = Field(None, ge=2, le=20, description="The largest so many; the rest becomes 'Others'.")


class Line(_Chart):
    """Over time, one line a value."""

    line: str
    by: str | None = None
    top: int | None = Field(None, ge=2, le=20)


class Bar(_Chart):
    """The largest values, in order."""

    bar: str
    by: str
    top: int = Field(10, ge=2, le=50)
    horizontal: bool = False


class Donut(_Chart):
    """Shares of a whole."""

    donut: str
    by: str


class Treemap(_Chart):
    """Shares of a whole, nested."""

    treemap: str
    by: list[str] = Field(min_length=1, max_length=3)
    top: int | None = Field(None, ge=2, le=500, description="Only the largest so many.")


class Heatmap(_Chart):
    """Where two columns meet."""

    heatmap: str
    by: list[str] = Field(min_length=2, max_length=2, description="Down, then across.")


class Table(_Chart):
    """Several metrics side by side."""

    table: list[str] = Field(min_length=1)
    by: list[str] = Field(min_length=1)
    totals: bool = False
    top: int = Field(100, ge=1, le=1000)


class Pivot(_Chart):
    """One metric, rows by columns."""

    pivot: str
    rows: list[str] = Field(min_length=1)
    columns: list[str] = Field(min_length=1)


KINDS: dict[str, type[_Chart]] = {
    kind.__name__.lower(): kind for kind in (Kpi, Area, Line, Bar, Donut, Treemap, Heatmap, Table, Pivot)
}
PARTS_OF_A_WHOLE = (Area, Donut, Treemap)  # kinds that add values of groups up
FILTERS = ("period", "grain", "select")


def _one_of(names: Any) -> Discriminator:
    """Tell a union's member by the one field whose name it has."""

    def tag(value: Any) -> str | None:
        found = [name for name in names if name in value] if isinstance(value, dict) else []
        return found[0] if len(found) == 1 else None

    return Discriminator(
        tag, custom_error_type="kind", custom_error_message=f"exactly one of {', '.join(names)} is expected"
    )


AnyChart = Annotated[
    Annotated[Kpi, Tag("kpi")]
    | Annotated[Area, Tag("area")]
    | Annotated[Line, Tag("line")]
    | Annotated[Bar, Tag("bar")]
    | Annotated[Donut, Tag("donut")]
    | Annotated[Treemap, Tag("treemap")]
    | Annotated[Heatmap, Tag("heatmap")]
    | Annotated[Table, Tag("table")]
    | Annotated[Pivot, Tag("pivot")],
    _one_of(KINDS),
]
AnyFilter = Annotated[
    Annotated[PeriodFilter, Tag("period")]
    | Annotated[GrainFilter, Tag("grain")]
    | Annotated[SelectFilter, Tag("select")],
    _one_of(FILTERS),
]


def metrics(chart: Any) -> list[str]:
    """The metrics a chart shows."""
    value = getattr(chart, kind(chart))
    return [value] if isinstance(value, str) else list(value)


def columns(chart: Any) -> list[str]:
    """The columns a chart is cut by."""
    if isinstance(chart, Pivot):
        return [*chart.rows, *chart.columns]
    by = getattr(chart, "by", None) or []
    return [by] if isinstance(by, str) else list(by)


def column_field(chart: Any, column: str) -> str:
    """The field of the file that names ``column``."""
    if isinstance(chart, Pivot):
        return "rows" if column in chart.rows else "columns"
    return "by"


def kind(chart: Any) -> str:
    """``area``, ``kpi``: the field that tells a chart from the others."""
    return type(chart).__name__.lower()


def chart_key(chart: Any) -> str:
    """What identifies a chart in its file, whatever its title and place: kind, metrics, columns."""
    return "-".join([kind(chart), *metrics(chart), *columns(chart)])


def _bare(value: Any) -> Any:
    """A bare metric is a KPI."""
    return {"kpi": value} if isinstance(value, str) else value


class Row(File):
    """Charts side by side."""

    row: list[Annotated[AnyChart, BeforeValidator(_bare, json_schema_input_type=str | AnyChart)]] = Field(
        min_length=1, max_length=6
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        widths(self)
        return self


def widths(row: Row) -> list[int]:
    """The width of each chart: as said, or an equal part of what is left; ``ValueError`` if they do not fit."""
    said = [chart.width for chart in row.row if chart.width]
    open_ = len(row.row) - len(said)
    left = COLUMNS - sum(said)
    if left < 2 * open_:
        raise ValueError(
            f"at most {COLUMNS} wide, the charts ask for {sum(said)} and {open_} more need at least 2 each"
        )
    return [chart.width or left // open_ for chart in row.row]


class Dashboard(File):
    """A whole dashboard file; its name is the file's own."""

    title: Text
    description: Text
    owner: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    model: str = Field(pattern=r"^gold\.[a-z_]+$", description="The table of a release that every chart reads.")
    filters: list[AnyFilter] = Field(min_length=1)
    layout: list[Row] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_period_and_one_grain(self) -> Self:
        for expected in (PeriodFilter, GrainFilter):
            if sum(isinstance(one, expected) for one in self.filters) != 1:
                raise ValueError(f"filters: exactly one {expected.__name__.removesuffix('Filter').lower()} is expected")
        return self

    @property
    def charts(self) -> list[AnyChart]:
        """Every chart, in reading order."""
        return [chart for row in self.layout for chart in row.row]

    @model_validator(mode="after")
    def _charts_differ(self) -> Self:
        seen: set[str] = set()
        for one in self.charts:
            if chart_key(one) in seen:
                raise ValueError(f"layout: {chart_key(one)} stands there twice")
            seen.add(chart_key(one))
        return self

    @property
    def period(self) -> PeriodFilter:
        """The one period filter."""
        return next(one for one in self.filters if isinstance(one, PeriodFilter))

    @property
    def grain(self) -> GrainFilter:
        """The one grain filter."""
        return next(one for one in self.filters if isinstance(one, GrainFilter))


class DerivedColumn(File):
    """A column worked out from others when asked."""

    sql: str
    type: Literal["VARCHAR", "BIGINT", "DATE", "TIMESTAMP"]
    description: str


class Dataset(File):
    """What dashboards need of a model beyond its own columns, comments and metrics."""

    model: str = Field(pattern=r"^gold\.[a-z_]+$")
    columns: dict[str, DerivedColumn] = Field(default_factory=dict)
    colors: dict[str, str] = Field(default_factory=dict, description="Value -> #rrggbb, the same in every chart.")


def json_schema() -> str:
    """The JSON Schema of a dashboard file, as ``docs/reference/dashboard.schema.json`` has it for editors."""
    return json.dumps(Dashboard.model_json_schema(), indent=2) + "\n"


if __name__ == "__main__":
    print(json_schema(), end="")
