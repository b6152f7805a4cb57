"""The filters of a dashboard: what a person writes, what is checked, and Superset's native filter."""

import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Discriminator, Tag, WithJsonSchema
from pydantic import Field as Described

from biaac.records import Record
from charts.kind import GRAINS, label

from .catalog import TIMES, unknown

PERIOD = r"^last ([1-9]\d{0,2}) (day|week|month)s$"
LONGEST = {"day": 732, "week": 520, "month": 120}  # ten years, or two day by day: more is a slip of the finger
Fault = tuple[str, str]  # field, what is wrong


class Period(NamedTuple):
    """``last 13 weeks``."""

    length: int
    unit: str

    def until(self, reached: date) -> tuple[date, date]:
        """The first day, and the day after the last, of the ``length`` whole units before the one of ``reached``.

        The unit of the day that data has reached may still be filling, even on its last day: it is left out.
        """
        if self.unit == "day":
            return reached - timedelta(days=self.length), reached
        if self.unit == "week":
            monday = reached - timedelta(days=reached.weekday())
            return monday - timedelta(weeks=self.length), monday
        first = reached.replace(day=1)
        year, month = divmod(first.year * 12 + first.month - 1 - self.length, 12)
        return date(year, month + 1, 1), first


def _period(value: Any) -> Any:
    match = re.fullmatch(PERIOD, value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("such as 'last 13 weeks', 'last 90 days' or 'last 12 months'")
    if int(match[1]) > LONGEST[match[2]]:
        raise ValueError(f"at most the last {LONGEST[match[2]]} {match[2]}s")
    return Period(int(match[1]), match[2])


class Filter(Record):
    """One filter of a dashboard."""

    @abstractmethod
    def native(self, time_range: str, dataset: int) -> dict[str, Any]:
        """Superset's filter, beyond what all have; ``time_range`` is the dashboard's first period."""

    def faults(self, types: dict[str, str], selects: Mapping[str, str | None]) -> Iterator[Fault]:
        """What is not true of the table's columns (name -> type) and of the select filters (name -> within)."""
        return iter(())


class PeriodFilter(Filter):
    """From when to when; the default ends with the last complete unit of the data, not of the calendar."""

    period: str = Described(description="A date or timestamp column.")
    default: Annotated[Period, BeforeValidator(_period), WithJsonSchema({"type": "string", "pattern": PERIOD})]

    def faults(self, types: dict[str, str], selects: Mapping[str, str | None]) -> Iterator[Fault]:
        if types.get(self.period) not in TIMES:
            times = [name for name, kind in types.items() if kind in TIMES]
            yield "period", unknown("date or timestamp column", self.period, times)

    def native(self, time_range: str, dataset: int) -> dict[str, Any]:
        choice = {"extraFormData": {"time_range": time_range}, "filterState": {"value": time_range}}
        return _native("period", "filter_time", {}, choice)


class GrainFilter(Filter):
    """How charts over time are cut."""

    grain: Literal["day", "week", "month", "quarter", "year"]

    def native(self, time_range: str, dataset: int) -> dict[str, Any]:
        grain = GRAINS[self.grain]
        state = {"label": self.grain.title(), "value": [grain]}
        choice = {"extraFormData": {"time_grain_sqla": grain}, "filterState": state}
        return _native("grain", "filter_timegrain", {"datasetId": dataset}, choice)


class SelectFilter(Filter):
    """Values of a column, several at a time; ``within`` offers only those of another filter's choice."""

    select: str
    within: str | None = None

    def faults(self, types: dict[str, str], selects: Mapping[str, str | None]) -> Iterator[Fault]:
        if self.select not in types:
            yield "select", unknown("column", self.select, types)
        elif not types[self.select].startswith(("VARCHAR", "BOOLEAN", "BIGINT", "INTEGER", "DATE")):
            yield "select", f"{self.select} is {types[self.select]}, which has no list of values to choose from"
        if self.within is not None and self.within not in selects:
            yield "within", unknown("select filter", self.within, selects)
        outer, seen = self.within, {self.select}
        while outer is not None and outer in selects and outer not in seen:
            seen.add(outer)
            outer = selects[outer]
        if outer in seen:
            yield "within", f"{self.select} is within itself"

    def native(self, time_range: str, dataset: int) -> dict[str, Any]:
        column = {"datasetId": dataset, "column": {"name": self.select}}
        return _native(self.select, "filter_select", column, {}) | {
            "cascadeParentIds": [f"NATIVE_FILTER-{self.within}"] if self.within else []
        }


def _native(name: str, kind: str, target: dict[str, Any], choice: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"NATIVE_FILTER-{name}",
        "filterType": kind,
        "name": label(name),
        "targets": [target],
        "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}} | choice,
    }


def one_of(names: Iterable[str]) -> Discriminator:
    """Choose a union's member by the one field whose name it has."""

    def tag(value: Any) -> str | None:
        present = [name for name in names if name in value] if isinstance(value, dict) else []
        return present[0] if len(present) == 1 else None

    return Discriminator(
        tag, custom_error_type="kind", custom_error_message=f"exactly one of {', '.join(names)} is expected"
    )


AnyFilter = Annotated[
    Annotated[PeriodFilter, Tag("period")]
    | Annotated[GrainFilter, Tag("grain")]
    | Annotated[SelectFilter, Tag("select")],
    one_of(["period", "grain", "select"]),
]
