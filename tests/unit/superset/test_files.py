"""What dashboard files mean: periods, widths, keys, and the schema that editors use."""

from datetime import date, timedelta
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from compiler import files
from compiler.filters import Period
from tests.unit.superset.conftest import COMPANY

DATES = st.dates(date(1970, 1, 1), date(2100, 1, 1))


@given(reached=DATES, length=st.integers(1, 200), unit=st.sampled_from(["day", "week", "month"]))
def test_a_period_is_whole_and_never_holds_the_day_that_data_has_reached(reached: date, length: int, unit: str) -> None:
    start, end = Period(length, unit).until(reached)
    assert start < end <= reached
    if unit == "day":
        assert end - start == timedelta(days=length)
        assert end == reached
    if unit == "week":
        assert (start.weekday(), end.weekday()) == (0, 0)
        assert end - start == timedelta(weeks=length)
        assert reached - end < timedelta(weeks=1)
    if unit == "month":
        assert (start.day, end.day) == (1, 1)
        assert (end.year - start.year) * 12 + end.month - start.month == length
        assert (end.year, end.month) == (reached.year, reached.month)


def row(*charts: object) -> files.Row:
    return files.Row.model_validate({"row": list(charts)})


def test_charts_share_what_is_left_of_a_row() -> None:
    assert files.widths(row("revenue", "orders", "order_value")) == [4, 4, 4]
    assert files.widths(row("a", "b", "c", "d", "e")) == [3, 3, 2, 2, 2]
    assert files.widths(row({"kpi": "revenue", "width": 6}, "orders", "order_value")) == [6, 3, 3]


def test_a_chart_is_known_by_what_it_shows_not_by_its_title() -> None:
    named, plain = row(
        {"area": "revenue", "by": "channel", "title": "Where money comes from", "width": 8},
        {"area": "revenue", "by": "channel", "top": 4},
    ).row
    assert named.identity == plain.identity == "area-revenue-channel"


@pytest.mark.parametrize("name", files.SCHEMAS)
def test_the_published_schema_is_current(repository: Path, name: str) -> None:
    published = repository / f"docs/reference/{name}.schema.json"
    command = f"PYTHONPATH=.:superset .biaac/envs/dev/bin/python -m compiler.files {name} > {published}"
    assert published.read_text() == files.json_schema(name), command


@pytest.mark.parametrize("name", ["orders", "tickets"])
def test_a_valid_dashboard_is_valid_in_an_editor(repository: Path, name: str) -> None:
    text = (repository / COMPANY / f"superset/dashboards/{name}.yaml").read_text()
    jsonschema.validate(yaml.safe_load(text), files.Dashboard.model_json_schema())
