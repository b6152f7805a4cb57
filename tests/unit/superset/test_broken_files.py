"""A dashboard file with a fault is refused by file, line, the value found and what was expected instead."""

from pathlib import Path

import jsonschema
import pytest
import yaml
from pydantic import ValidationError

from biaac.errors import PermanentError
from compiler import checks
from compiler.catalog import Catalog
from compiler.files import Dashboard

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
        file.parent.mkdir(parents=True, exist_ok=True)
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
    "a period before anybody sold": ("last 13 weeks", "last 999 months", 6, ["at most the last 120 months"]),
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
    "the same chart twice": (
        "[revenue, order_value]",
        "[revenue, revenue]",
        11,
        ["kpi-revenue", "twice; give one a key"],
    ),
    "no grain": ("  - {grain: week}\n", "", 5, ["exactly one grain is expected"]),
    "two grains": ("  - {grain: week}\n", "  - {grain: week}\n  - {grain: day}\n", 5, ["exactly one grain"]),
    "a filter twice": ("select: country}", "select: channel}", 9, ["channel stands there twice"]),
    "a filter within itself": ("within: country", "within: channel", 9, ["channel is within itself"]),
    "filters in a circle": ("select: country}", "select: country, within: channel}", 8, ["country is within itself"]),
    "a filter over amounts": ("select: country}", "select: amount}", 8, ["DECIMAL(18,2)", "no list of values"]),
    "a column twice": ("by: [country]", "by: [country, country]", 14, ["by: country is given twice"]),
    "a metric twice": ("[revenue, orders]", "[revenue, revenue]", 14, ["table: revenue is given twice"]),
    "a time as a category": ("by: country}", "by: ordered_at, top: 3}", 13, ["ordered_at is TIMESTAMP", "'Others'"]),
    "a row that is not full": ("[revenue, order_value]", "[{kpi: revenue, width: 4}]", 11, ["the charts fill 4"]),
    "a key twice": ("by: country}", "by: country, by: channel}", 13, ["by is given twice"]),
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


DATASET = """\
model: gold.orders
columns:
  late:
    sql: ordered_at > order_day
    type: VARCHAR
    description: Whether it is late.
colors: {web: "#1f5f8b"}
"""
BROKEN_DATASETS = {
    "a table that is not there": ("model: gold.orders", "model: gold.order", 1, "no table 'gold.order'"),
    "another name than its file's": ("model: gold.orders", "model: gold.tickets", 1, "the file's name is expected"),
    "SQL that cannot be read": ("ordered_at >", "ordered_at > (", 4, "an SQL expression is expected"),
    "SQL of an unknown column": ("order_day", "order_dya", 4, "no column 'order_dya'; did you mean order_day?"),
    "a column that the table has": ("late:", "channel:", 3, "gold.orders has a column of that name"),
    "a type that there is not": ("VARCHAR", "TEXT", 5, "found 'TEXT'"),
    "a colour that is none": ("#1f5f8b", "blau", 7, "found 'blau'"),
}


@pytest.mark.parametrize("fault", BROKEN_DATASETS)
def test_a_fault_of_a_dataset_is_named_with_file_and_line(fault: str, tmp_path: Path, catalog: Catalog) -> None:
    check(tmp_path, catalog, **{"gold.orders": DATASET})
    valid, broken, line, words = BROKEN_DATASETS[fault]
    with pytest.raises(PermanentError) as caught:
        check(tmp_path, catalog, **{"gold.orders": DATASET.replace(valid, broken, 1)})
    assert f"{tmp_path / 'datasets/gold.orders.yaml'}:{line}: " in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize("name", ["second.yml", "more/orders.yaml", "my sales.yaml", "Vendas_ção.yaml"])
def test_a_file_that_nobody_reads_is_named(name: str, tmp_path: Path, catalog: Catalog) -> None:
    path = tmp_path / "dashboards" / name
    path.parent.mkdir(parents=True)
    path.write_text(VALID)
    with pytest.raises(PermanentError) as caught:
        check(tmp_path, catalog)
    assert f"{path}:1: its name: such as orders.yaml is expected" in str(caught.value)


@pytest.mark.parametrize("fault", BROKEN)
def test_an_editor_refuses_by_the_schema_what_the_checker_refuses_by_its_shape(fault: str) -> None:
    valid, broken, _, _ = BROKEN[fault]
    try:
        value = yaml.safe_load(VALID.replace(valid, broken, 1))
    except yaml.YAMLError:
        return
    schema = jsonschema.Draft202012Validator(Dashboard.model_json_schema())
    try:
        Dashboard.model_validate(value)
        refused = False
    except ValidationError as error:
        # a sum over a row, and a word that means too long a time, are more than a shape
        refused = {one["type"] for one in error.errors()} != {"value_error"} or "such as" in str(error)
    assert refused == (not schema.is_valid(value)), fault


def test_the_faults_of_all_files_are_named_at_once(tmp_path: Path, catalog: Catalog) -> None:
    (tmp_path / "dashboards").mkdir()
    (tmp_path / "dashboards/other.yaml").write_text(VALID.replace("grain: week", "grain: fortnight"))
    with pytest.raises(PermanentError) as caught:
        check(tmp_path, catalog, orders=VALID.replace("gold.orders", "silver.orders"))
    assert "other.yaml:7: " in str(caught.value)
    assert "orders.yaml:4: " in str(caught.value)
