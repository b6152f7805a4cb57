"""A dashboard file with a fault is refused by file, line, the value found and what was expected instead."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from biaac.errors import PermanentError
from biaac.releases import Release
from compiler import checks
from compiler.catalog import Catalog

VALID = """\
title: {en: Orders}
description: {en: What we sold.}
owner: shop@example.com
model: gold.orders
filters:
  - {period: order_day, default: last 13 weeks}
  - {grain: week}
  - {select: country}
  - {select: channel, within: country}
layout:
  - row: [revenue, order_value]
  - row:
      - {area: revenue, by: country}
      - {table: [revenue, orders], by: [country]}
"""


def check(company: Path, catalog: Catalog, *, orders: str = VALID, **datasets: str) -> None:
    """Check a company of one dashboard and these datasets."""
    for name, text in {
        "dashboards/orders": orders,
        **{f"datasets/{name}": text for name, text in datasets.items()},
    }.items():
        file = company / f"{name}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    checks.compile_checked(company, catalog)


def test_a_valid_file_passes(tmp_path: Path, catalog: Catalog) -> None:
    check(tmp_path, catalog)


BROKEN = {
    "an unknown field": ("owner:", "ownr:", 3, ["ownr", "not permitted"]),
    "no owner": ("owner: shop@example.com\n", "", 1, ["owner: missing"]),
    "an owner that is no address": ("shop@example.com", "somebody", 3, ["owner", "found 'somebody'"]),
    "a model outside gold": ("gold.orders", "silver.orders", 4, ["model", "found 'silver.orders'"]),
    "a table that is not there": ("gold.orders", "gold.order", 4, ["'gold.order'", "did you mean gold.orders?"]),
    "a period that is no period": ("last 13 weeks", "last 13 wks", 6, ["such as 'last 13 weeks'", "'last 13 wks'"]),
    "a period of nothing": ("last 13 weeks", "last 0 weeks", 6, ["such as 'last 13 weeks'", "'last 0 weeks'"]),
    "a period over no column": ("period: order_day", "period: order_dya", 6, ["'order_dya'", "mean order_day?"]),
    "a period over a text": ("period: order_day", "period: channel", 6, ["'channel'", "order_day, ordered_at"]),
    "an unknown grain": ("grain: week", "grain: fortnight", 7, ["'week'", "found 'fortnight'"]),
    "a filter of an unknown kind": ("{grain: week}", "{grian: week}", 7, ["exactly one of period, grain, select"]),
    "a filter on an unknown column": ("select: country", "select: countri", 8, ["did you mean country?"]),
    "a filter within no filter": ("within: country", "within: brand", 9, ["no select filter 'brand'"]),
    "an unknown metric": ("[revenue, order_value]", "[revenu, order_value]", 11, ["did you mean revenue?"]),
    "a sum of what cannot be summed": ("area: revenue", "area: order_value", 13, ["order_value cannot be summed"]),
    "a chart by an unknown column": ("by: country}", "by: countri}", 13, ["did you mean country?"]),
    "a chart of an unknown kind": ("{area:", "{arae:", 13, ["exactly one of area, bar, donut"]),
    "a chart of two kinds": ("{area: revenue", "{area: revenue, line: revenue", 13, ["exactly one of area, bar"]),
    "a chart wider than the page": ("by: country}", "by: country, width: 13}", 13, ["found 13"]),
    "charts that do not fit a row": ("by: country}", "by: country, width: 11}", 12, ["at most 12 wide"]),
    "the same chart twice": ("[revenue, order_value]", "[revenue, revenue]", 1, ["kpi-revenue", "twice"]),
    "no grain": ("  - {grain: week}\n", "", 1, ["exactly one grain is expected"]),
    "text that is not YAML": ("title: {en: Orders}", "title: {en: Orders", 2, ["not YAML"]),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_fault_is_named_with_file_line_and_value(fault: str, tmp_path: Path, catalog: Catalog) -> None:
    valid, broken, line, words = BROKEN[fault]
    assert valid in VALID
    with pytest.raises(PermanentError) as caught:
        check(tmp_path, catalog, orders=VALID.replace(valid, broken, 1))
    message = str(caught.value)
    assert f"{tmp_path / 'dashboards/orders.yaml'}:{line}: " in message
    for word in words:
        assert word in message


def test_a_dataset_of_a_table_that_is_not_there_is_named(tmp_path: Path, catalog: Catalog) -> None:
    with pytest.raises(PermanentError, match=r"datasets/old\.yaml:1: model: no table 'gold\.old'"):
        check(tmp_path, catalog, old="model: gold.old\n")


def test_the_faults_of_all_files_are_named_at_once(tmp_path: Path, catalog: Catalog) -> None:
    (tmp_path / "dashboards").mkdir()
    (tmp_path / "dashboards/other.yaml").write_text(VALID.replace("grain: week", "grain: fortnight"))
    with pytest.raises(PermanentError) as caught:
        check(tmp_path, catalog, orders=VALID.replace("gold.orders", "silver.orders"))
    assert "other.yaml:7: " in str(caught.value)
    assert "orders.yaml:4: " in str(caught.value)


def test_a_release_without_a_day_that_its_data_reaches_is_refused() -> None:
    release = Release(
        environment="prod",
        parent=None,
        sequence=2,
        created_at=datetime(2026, 11, 24, tzinfo=UTC),
        revision="abc",
        models="def",
        execution="x-1",
        loads=[],
        freshness=[],
        audits=[],
        metrics=[],
        tables={},
    )
    no_table_is_read: Any = None
    with pytest.raises(PermanentError, match=f"{release.id} does not say how far the data of any stream reaches"):
        Catalog.of_release(no_table_is_read, release)
