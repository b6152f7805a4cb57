"""The files a person writes: ``dashboards/*.yaml``, and ``datasets/*.yaml`` for what a model does not say itself.

PYTHONPATH=.:superset python -m compiler.files dashboard     prints the JSON Schema of such a file
"""

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, Union

import sqlglot
from pydantic import AfterValidator, BeforeValidator, Field, Tag, model_validator

from biaac.records import Record
from charts import KINDS
from charts.kind import COLUMNS, KEY, Kind

from .filters import AnyFilter, GrainFilter, PeriodFilter, SelectFilter, one_of

if TYPE_CHECKING:
    AnyChart = Kind
else:
    AnyChart = Annotated[Union[tuple(Annotated[kind, Tag(name)] for name, kind in KINDS.items())], one_of(KINDS)]  # noqa: UP007  # of as many as there are files in charts/


Color = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]


class Text(Record):
    """A text by language. Dashboards are compiled in English; Portuguese is kept with the file."""

    en: str = Field(min_length=1, max_length=200)
    pt: str | None = None


def _bare(value: Any) -> Any:
    """A bare metric is a KPI."""
    return {"kpi": value} if isinstance(value, str) else value


class Row(Record):
    """Charts side by side."""

    row: list[Annotated[AnyChart, BeforeValidator(_bare, json_schema_input_type=str | AnyChart)]] = Field(
        min_length=1, max_length=6
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        widths(self)
        return self


def widths(row: Row) -> list[int]:
    """The width of each chart: its own, or an equal part of what is left; ``ValueError`` if they do not fit."""
    given = [chart.width for chart in row.row if chart.width]
    others = len(row.row) - len(given)
    left = COLUMNS - sum(given)
    if left < 2 * others:
        raise ValueError(
            f"at most {COLUMNS} wide, the charts ask for {sum(given)} and {others} more need at least 2 each"
        )
    if not others and left:
        raise ValueError(
            f"{COLUMNS} wide, the charts fill {sum(given)}: leave out a width, and that chart fills the row"
        )
    equal, more = divmod(left, max(others, 1))
    parts = iter([equal + 1] * more + [equal] * (others - more))
    return [chart.width or next(parts) for chart in row.row]


class Dashboard(Record):
    """A whole dashboard file. Its key, or else its name, is the last part of its address and keeps its ids."""

    key: str | None = Field(None, pattern=KEY, description="Keeps address, ids and links when the file is renamed.")
    title: Text
    description: Text
    owner: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    model: str = Field(pattern=r"^gold\.[a-z_]+$", description="The table of a release that every chart reads.")
    filters: list[AnyFilter] = Field(min_length=1)
    layout: list[Row] = Field(min_length=1)

    @property
    def charts(self) -> list[Kind]:
        """Every chart, in reading order."""
        return [chart for row in self.layout for chart in row.row]

    @property
    def period(self) -> PeriodFilter:
        """The one period filter."""
        return next(one for one in self.filters if isinstance(one, PeriodFilter))

    @property
    def grain(self) -> GrainFilter:
        """The one grain filter."""
        return next(one for one in self.filters if isinstance(one, GrainFilter))

    @property
    def selects(self) -> dict[str, int]:
        """The columns of the select filters, each with its place among the filters."""
        return {one.select: number for number, one in enumerate(self.filters) if isinstance(one, SelectFilter)}


def _sql(text: str) -> str:
    try:
        sqlglot.parse_one(text, dialect="duckdb")
    except sqlglot.ParseError as error:
        raise ValueError(f"an SQL expression is expected ({error.errors[0]['description'].strip(' .')})") from None
    return text


class DerivedColumn(Record):
    """A column that Superset computes from others in each query."""

    sql: Annotated[str, AfterValidator(_sql)]
    type: Literal["VARCHAR", "BIGINT", "DATE", "TIMESTAMP"]
    description: str


class Dataset(Record):
    """What dashboards need of a model beyond its own columns, comments and metrics."""

    model: str = Field(pattern=r"^gold\.[a-z_]+$")
    columns: dict[str, DerivedColumn] = Field(default_factory=dict)
    colors: dict[str, Color] = Field(default_factory=dict, description="Value -> #rrggbb, the same in every chart.")


class Theme(Record):
    """``theme.yaml``: how every page looks."""

    name: str = Field(min_length=1, max_length=40)
    logo: str = Field(pattern=r"^[^/]+\.svg$", description="A file beside this one.")
    token: dict[str, str | int | float | bool] = Field(description="Ant Design's, over Superset's own.")
    colors: list[Color] = Field(min_length=1)


SCHEMAS: dict[str, type[Record]] = {"dashboard": Dashboard, "dataset": Dataset, "theme": Theme}


def json_schema(name: str) -> str:
    """The JSON Schema of a kind of file, as ``docs/reference/<name>.schema.json`` has it for editors."""
    return json.dumps(SCHEMAS[name].model_json_schema(), indent=2) + "\n"


if __name__ == "__main__":
    print(json_schema(sys.argv[1]), end="")
