"""The demo on a whole stack: what the README promises, the source's totals to the cent, its dashboard in a browser."""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from biaac.settings import ROOT
from laptop import processes
from tests.browser.page import Watch, assert_no_error_is_shown, logged_in, open_dashboard
from tests.conftest import wait_for
from tests.stack import Stack, copy_of_checkout, started

CHARTS = 12  # of superset/dashboards/sales_overview.yaml
MONTHS = {
    "2017-01": "370886.93", "2017-02": "350070.69", "2017-03": "380300.74", "2017-04": "373646.21",
    "2017-05": "400771.04", "2017-06": "373512.59", "2017-07": "397367.25", "2017-08": "384746.76",
    "2017-09": "368006.46", "2017-10": "387403.11", "2017-11": "385552.25", "2017-12": "421882.29",
    "2018-01": "1893.26",
}  # fmt: skip
DEPARTMENTS = {
    "GROCERY": "2316393.89", "DRUG GM": "596827.45", "FUEL": "329594.45", "PRODUCE": "322858.82", "MEAT": "308575.33",
}  # fmt: skip
JANUARY = {
    "lines": "124051", "baskets": "12721", "households": "1982", "stores": "191", "products": "24254",
    "revenue": "370886.93", "loyalty": "65104.74", "coupon": "1779.15", "coupon_match": "367.15",
}  # fmt: skip
DEPARTMENTS_OF_JANUARY = {
    "GROCERY": "194263.83", "DRUG GM": "46244.34", "PRODUCE": "26639.25", "MEAT": "25135.65", "FUEL": "23155.69",
}  # fmt: skip
SUMS = (
    "SELECT count(*) AS lines, count(DISTINCT basket_id) AS baskets, count(DISTINCT household_id) AS households,"
    " count(DISTINCT store_id) AS stores, count(DISTINCT product_id) AS products, sum(revenue) AS revenue,"
    " sum(loyalty_discount) AS loyalty, sum(coupon_discount) AS coupon, sum(coupon_match_discount) AS coupon_match"
    " FROM gold.sales"
)
TOTALS = {
    "lines": "1469307", "baskets": "155848", "households": "2469", "stores": "457", "products": "68509",
    "revenue": "4596039.58", "loyalty": "791650.64", "coupon": "26359.90", "coupon_match": "4542.65",
}  # fmt: skip
BY_MONTH = "SELECT sale_month, sum(revenue) AS revenue FROM gold.sales GROUP BY sale_month"
BY_DEPARTMENT = (
    "SELECT department, sum(revenue) AS revenue FROM gold.sales GROUP BY department ORDER BY revenue DESC LIMIT 5"
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of the demo as a new user has it, but for its end: the clock of the source stops after January."""
    root = copy_of_checkout(tmp_path_factory.mktemp("demo"), demo=True)
    deliver_through(root, "2017-01-31")
    with started(root) as running:
        yield running


def deliver_through(root: Path, day: str) -> None:
    """What the demo's connection says is the way to everything up to a day."""
    path = root / "connections/grocery.yaml"
    text = re.sub(r"\n    through: .*", "", path.read_text())
    path.write_text(text.replace("config:", f"config:\n    through: {day}", 1))


def shape(line: str) -> str:
    """A line without what differs from run to run: numbers, ids, the password."""
    line = re.sub(r"password \S+", "password #", line.strip())
    return re.sub(r"[0-9a-f]{12}|\d[\d,.:]*", "#", line)


def test_the_first_sync_brings_every_day_up_to_the_last(demo: Stack) -> None:
    release = demo.sync_by_schedule("grocery")
    assert release.data_as_of is not None
    assert f"{release.data_as_of:%Y-%m-%d}" == "2017-01-31"
    assert release.tables["gold.sales"].rows == int(JANUARY["lines"])


def test_the_readme_shows_what_make_run_prints(demo: Stack) -> None:
    block = (ROOT / "README.md").read_text().split("```console\n")[1].split("```")[0]
    promised = [line for line in block.splitlines() if line and not line.startswith(("$", "...", "environment "))]
    assert len(promised) >= 9
    for line in promised:
        wait_for(lambda line=line: shape(line) in map(shape, demo.output.read_text().splitlines()), what=line)


def test_totals_over_flight_sql(demo: Stack) -> None:
    assert_totals(demo, JANUARY, {"2017-01": MONTHS["2017-01"]}, DEPARTMENTS_OF_JANUARY)


def assert_totals(demo: Stack, totals: dict[str, str], months: dict[str, str], departments: dict[str, str]) -> None:
    (row,) = demo.rows(SUMS)
    assert [str(value) for value in row] == list(totals.values())
    assert {f"{month:%Y-%m}": str(value) for month, value in demo.rows(BY_MONTH)} == months
    assert {name: str(value) for name, value in demo.rows(BY_DEPARTMENT)} == departments


def test_totals_by_biaac_query(demo: Stack) -> None:
    (row,) = demo.query(SUMS)
    assert {name: str(value) for name, value in row.items()} == JANUARY


def test_totals_by_supersets_chart_data(demo: Stack) -> None:
    metrics = {"lines": "lines", "households": "households", "revenue": "revenue", "loyalty": "loyalty_discount"}
    (row,) = demo.chart_data(metrics=list(metrics.values()), columns=[], table="sales")
    shown = {name: round(Decimal(str(row[metric])), 2) for name, metric in metrics.items()}
    assert shown == {name: Decimal(JANUARY[name]) for name in metrics}


def test_the_dashboard_is_drawn_in_a_browser_as_the_picture_in_the_readme_shows(demo: Stack, tmp_path: Path) -> None:
    watch = Watch()
    with logged_in(f"http://127.0.0.1:{demo.superset_port}", demo.password) as page:
        watch.follow(page)
        open_dashboard(page, "sales_overview", charts=CHARTS)
        page.screenshot(path=tmp_path / "sales_overview.png", full_page=True)
        assert_no_error_is_shown(page)
    assert watch.real_errors() == []


def test_ctrl_c_leaves_nothing_running(demo: Stack) -> None:
    assert "nothing is left running" in demo.stop()
    assert processes.of_stack(demo.root) == []


@pytest.mark.longest
def test_one_edit_of_the_connection_brings_everything_there_is(demo: Stack) -> None:
    deliver_through(demo.root, "2018-12-31")
    printed = demo.biaac("sync", "grocery").stdout.lower()
    assert [step for step in ("transform", "warm", "promote", "dashboard") if step not in printed] == []
    assert_totals(demo, TOTALS, MONTHS, DEPARTMENTS)
