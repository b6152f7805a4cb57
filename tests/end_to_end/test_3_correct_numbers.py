"""A jump to the end: the control totals of the source, to the cent, asked three ways."""

from decimal import Decimal
from pathlib import Path

from tests.stack import Stack

MONTHS = {
    "2017-01": "370886.93", "2017-02": "350070.69", "2017-03": "380300.74", "2017-04": "373646.21",
    "2017-05": "400771.04", "2017-06": "373512.59", "2017-07": "397367.25", "2017-08": "384746.76",
    "2017-09": "368006.46", "2017-10": "387403.11", "2017-11": "385552.25", "2017-12": "421882.29",
    "2018-01": "1893.26",
}  # fmt: skip
DEPARTMENTS = {
    "GROCERY": "2316393.89", "DRUG GM": "596827.45", "FUEL": "329594.45", "PRODUCE": "322858.82", "MEAT": "308575.33",
}  # fmt: skip
TOTALS = (
    "SELECT count(*) AS lines, count(DISTINCT basket_id) AS baskets, count(DISTINCT household_id) AS households,"
    " count(DISTINCT store_id) AS stores, count(DISTINCT product_id) AS products, sum(revenue) AS revenue,"
    " sum(loyalty_discount) AS loyalty, sum(coupon_discount) AS coupon, sum(coupon_match_discount) AS coupon_match"
    " FROM gold.sales"
)
EXPECTED = {
    "lines": 1_469_307, "baskets": 155_848, "households": 2_469, "stores": 457, "products": 68_509,
    "revenue": "4596039.58", "loyalty": "791650.64", "coupon": "26359.90", "coupon_match": "4542.65",
}  # fmt: skip
BY_MONTH = "SELECT sale_month, sum(revenue) AS revenue FROM gold.sales GROUP BY sale_month ORDER BY sale_month"
BY_DEPARTMENT = (
    "SELECT department, sum(revenue) AS revenue FROM gold.sales GROUP BY department ORDER BY revenue DESC LIMIT 5"
)


def test_a_jump_to_the_end_by_one_edit_of_the_connection(stack: Stack) -> None:
    """A person edits the connection file and syncs at once, watching the steps."""
    edit_through_the_end(stack.root / "connections/grocery.yaml")
    done = stack.biaac("sync", "grocery")
    for step in ("transform", "warm", "promote", "dashboard"):
        assert step in done.stdout.lower(), done.stdout
    release = stack.release()
    assert release is not None
    assert release.tables["gold.sales"].rows == EXPECTED["lines"]


def edit_through_the_end(path: Path) -> None:
    """Let one sync deliver everything the source has."""
    text = path.read_text()
    assert "config:" in text
    path.write_text(text.replace("config:", "config:\n    through: 2018-12-31", 1))


def test_totals_over_flight_sql(stack: Stack) -> None:
    (row,) = stack.ask(TOTALS)
    assert [str(value) for value in row] == [str(value) for value in EXPECTED.values()]
    assert {f"{month:%Y-%m}": str(value) for month, value in stack.ask(BY_MONTH)} == MONTHS
    assert {name: str(value) for name, value in stack.ask(BY_DEPARTMENT)} == DEPARTMENTS


def test_totals_by_biaac_query(stack: Stack) -> None:
    (row,) = stack.query(TOTALS)
    assert {name: str(value) for name, value in row.items()} == {name: str(v) for name, v in EXPECTED.items()}
    months = {str(row["sale_month"])[:7]: str(row["revenue"]) for row in stack.query(BY_MONTH)}
    assert months == MONTHS
    assert {row["department"]: str(row["revenue"]) for row in stack.query(BY_DEPARTMENT)} == DEPARTMENTS


def test_totals_by_supersets_chart_data(stack: Stack) -> None:
    metrics = ["lines", "baskets", "households", "revenue", "loyalty_discount", "coupon_discount"]
    (row,) = stack.chart_data(metrics=metrics, columns=[])
    names = ["lines", "baskets", "households", "revenue", "loyalty", "coupon"]
    assert {name: round(Decimal(str(row[m])), 2) for name, m in zip(names, metrics, strict=True)} == {
        name: Decimal(str(EXPECTED[name])) for name in names
    }
    by_department = stack.chart_data(metrics=["revenue"], columns=["department"])
    found = {row["department"]: f"{row['revenue']:.2f}" for row in by_department}
    assert {name: found[name] for name in DEPARTMENTS} == DEPARTMENTS
    by_month = stack.chart_data(metrics=["revenue"], columns=["sale_month"])
    assert sorted(f"{row['revenue']:.2f}" for row in by_month) == sorted(MONTHS.values())
