"""A dashboard file with a fault is refused by file, line, the value found and what was expected instead."""

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from biaac.errors import PermanentError
from biaac.releases import Metric
from superset.assets import checks, files

SOUND = """\
title: {en: Sales}
description: {en: What we sold.}
owner: retail-data@example.com
model: gold.sales
filters:
  - {period: sale_date, default: last 13 weeks}
  - {grain: week}
  - {select: department}
  - {select: product_category, within: department}
layout:
  - row: [revenue, baskets]
  - row:
      - {area: revenue, by: department}
      - {table: [revenue, baskets], by: [department]}
"""


def metric(name: str, *, additive: bool) -> Metric:
    return Metric(
        name=name,
        table="gold.sales",
        expression="COUNT(*)",
        label={"en": name.capitalize()},
        description=name,
        format=",d",
        additive=additive,
        owner="retail-data@example.com",
    )


def column(name: str, kind: str) -> Any:
    return SimpleNamespace(name=name, type=kind)


# Of a release and its manifests, the checks read the metrics and the columns alone.
RELEASE: Any = SimpleNamespace(metrics=[metric("revenue", additive=True), metric("baskets", additive=False)])
TABLES: Any = {
    "gold.sales": SimpleNamespace(
        columns=[column("sale_date", "DATE"), column("department", "VARCHAR"), column("product_category", "VARCHAR")]
    )
}


def validate(folder: Path, text: str) -> None:
    (folder / "sales.yaml").write_text(text)
    dashboards = checks.load(folder, files.Dashboard)
    checks.check(dashboards, {}, RELEASE, TABLES)


def test_a_sound_file_passes(tmp_path: Path) -> None:
    validate(tmp_path, SOUND)


BROKEN = {
    "an unknown field": ("owner:", "ownr:", 3, ["ownr", "not permitted"]),
    "an owner that is no address": ("retail-data@example.com", "somebody", 3, ["owner", "found 'somebody'"]),
    "a model outside gold": ("gold.sales", "silver.sales", 4, ["model", "found 'silver.sales'"]),
    "a table the release has not": ("gold.sales", "gold.sale", 4, ["'gold.sale'", "did you mean gold.sales?"]),
    "a period that is no period": ("last 13 weeks", "last 13 wks", 6, ["such as 'last 13 weeks'", "'last 13 wks'"]),
    "a period of nothing": ("last 13 weeks", "last 0 weeks", 6, ["such as 'last 13 weeks'", "'last 0 weeks'"]),
    "a period over a text": ("period: sale_date", "period: sale_dat", 6, ["'sale_dat'", "did you mean sale_date?"]),
    "an unknown grain": ("grain: week", "grain: fortnight", 7, ["'week'", "found 'fortnight'"]),
    "a filter of an unknown kind": ("{grain: week}", "{grian: week}", 7, ["exactly one of period, grain, select"]),
    "a filter on an unknown column": ("select: department", "select: departmnt", 8, ["did you mean department?"]),
    "a filter within no filter": ("within: department", "within: brand", 9, ["no select filter 'brand'"]),
    "an unknown metric": ("[revenue, baskets]\n  - row", "[revenu, baskets]\n  - row", 11, ["did you mean revenue?"]),
    "a part of a whole that cannot be summed": ("area: revenue", "area: baskets", 13, ["baskets cannot be summed"]),
    "a chart by an unknown column": ("by: department}", "by: departmant}", 13, ["did you mean department?"]),
    "a chart of an unknown kind": ("{area:", "{arae:", 13, ["exactly one of kpi, area, line"]),
    "a chart of two kinds": ("{area: revenue", "{area: revenue, line: revenue", 13, ["exactly one of kpi, area"]),
    "a chart wider than the page": ("by: department}", "by: department, width: 13}", 13, ["found 13"]),
    "charts that do not fit a row": ("by: department}", "by: department, width: 11}", 12, ["at most 12 wide"]),
    "the same chart twice": ("[revenue, baskets]\n  - row", "[revenue, revenue]\n  - row", 1, ["kpi-revenue", "twice"]),
    "no grain": ("  - {grain: week}\n", "", 1, ["exactly one grain is expected"]),
    "text that is not YAML": ("title: {en: Sales}", "title: {en: Sales", 2, ["not YAML"]),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_fault_is_named_with_file_line_and_value(fault: str, tmp_path: Path) -> None:
    sound, broken, line, words = BROKEN[fault]
    assert sound in SOUND
    with pytest.raises(PermanentError) as caught:
        validate(tmp_path, SOUND.replace(sound, broken, 1))
    message = str(caught.value)
    assert f"{tmp_path / 'sales.yaml'}:{line}: " in message
    for word in words:
        assert word in message


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match=r"sales\.yaml:1: owner: missing"):
        validate(tmp_path, SOUND.replace("owner: retail-data@example.com\n", ""))


def test_the_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(SOUND.replace("grain: week", "grain: fortnight"))
    (tmp_path / "sales.yaml").write_text(SOUND.replace("gold.sales", "silver.sales"))
    with pytest.raises(PermanentError) as caught:
        checks.load(tmp_path, files.Dashboard)
    assert "other.yaml:7: " in str(caught.value)
    assert "sales.yaml:4: " in str(caught.value)


@pytest.mark.parametrize(
    ("period", "reached", "first", "after"),
    [
        (files.Period(13, "week"), date(2018, 1, 1), date(2017, 10, 2), date(2018, 1, 1)),  # a Monday
        (files.Period(13, "week"), date(2017, 12, 31), date(2017, 9, 25), date(2017, 12, 25)),  # a Sunday
        (files.Period(12, "month"), date(2018, 1, 1), date(2017, 1, 1), date(2018, 1, 1)),
        (files.Period(1, "month"), date(2018, 1, 31), date(2017, 12, 1), date(2018, 1, 1)),
        (files.Period(7, "day"), date(2017, 3, 3), date(2017, 2, 24), date(2017, 3, 3)),
    ],
)
def test_the_period_ends_with_the_last_whole_unit(
    period: files.Period, reached: date, first: date, after: date
) -> None:
    assert period.until(reached) == (first, after)
