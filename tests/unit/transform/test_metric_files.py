"""Metric files: what they say, and what a person is told who got one wrong."""

from pathlib import Path

import pytest

from biaac.errors import PermanentError
from transform import metrics as metric_files
from transform.settings import PROJECT

COLUMNS = {"gold.sales": {"revenue", "basket_id"}}
GOOD = """\
table: gold.sales
owner: retail-data@example.com
metrics:
  - name: revenue
    expression: SUM(revenue)
    label: {en: Revenue}
    description: Money taken.
    format: $,.2f
    additive: true
"""


def fault(folder: Path, text: str) -> str:
    (folder / "sales.yaml").write_text(text)
    with pytest.raises(PermanentError) as error:
        metric_files.load(folder, COLUMNS)
    return error.value.message


def test_a_metric_knows_its_table_and_owner(tmp_path: Path) -> None:
    (tmp_path / "sales.yaml").write_text(GOOD)
    (metric,) = metric_files.load(tmp_path, COLUMNS)
    assert (metric.name, metric.table, metric.owner) == ("revenue", "gold.sales", "retail-data@example.com")
    assert metric.additive and metric.label == {"en": "Revenue"}


@pytest.mark.parametrize(
    ("right", "wrong", "line", "said"),
    [
        ("SUM(revenue)", "SUM(revenues)", 4, "a column of gold.sales is expected, found 'revenues'"),
        ("SUM(revenue)", "SUM(revenue", 5, "an SQL expression is expected"),
        ("gold.sales", "gold.sale", 4, "table: one of gold.sales is expected, found 'gold.sale'"),
        ("additive: true", "additive: mostly", 9, "found 'mostly'"),
        ("{en: Revenue}", "{pt: Receita}", 6, "a label in en is expected"),
        ("    format: $,.2f\n", "", 4, "format: missing"),
        ("name: revenue", "name: Revenue!", 4, "found 'Revenue!'"),
        ("owner: retail-data@example.com", "owner: somebody", 2, "found 'somebody'"),
    ],
)
def test_a_fault_is_named_with_file_line_value_and_expectation(
    tmp_path: Path, right: str, wrong: str, line: int, said: str
) -> None:
    message = fault(tmp_path, GOOD.replace(right, wrong))
    assert message.startswith(f"{tmp_path / 'sales.yaml'}:{line}: ") and said in message


def test_a_name_may_be_used_once(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(GOOD)
    assert fault(tmp_path, GOOD) == f"{tmp_path / 'sales.yaml'}:4: name: 'revenue' is defined twice"


def test_the_projects_own_metrics_are_those_the_dashboards_are_promised() -> None:
    columns = {"basket_id", "household_id", "quantity", "fuel_gallons", "revenue", "loyalty_discount"}
    columns |= {"coupon_discount", "coupon_match_discount"}
    found = {metric.name: metric for metric in metric_files.load(PROJECT / "metrics", {"gold.sales": columns})}
    promised = {"revenue", "baskets", "households", "basket_value", "units", "lines", "discount_rate"}
    assert promised | {"loyalty_discount", "coupon_discount"} <= set(found)
    assert all({"en", "pt"} <= set(metric.label) for metric in found.values())
    assert {name for name in promised if found[name].additive} == {"revenue", "units", "lines"}
