"""Metric files: what they hold, and how a fault in one is named."""

from pathlib import Path

import pytest

from biaac.errors import PermanentError
from transform import metrics as metric_files

COLUMNS = {"gold.orders": {"amount", "order_id"}}
GOOD = """\
table: gold.orders
owner: shop@example.com
metrics:
  - name: revenue
    expression: SUM(amount)
    label: {en: Revenue}
    description: Money taken.
    format: $,.2f
    additive: true
"""


def fault(folder: Path, text: str) -> str:
    (folder / "orders.yaml").write_text(text)
    with pytest.raises(PermanentError) as error:
        metric_files.load(folder, COLUMNS)
    return error.value.message


def test_a_metric_knows_its_table_and_owner(tmp_path: Path) -> None:
    (tmp_path / "orders.yaml").write_text(GOOD)
    (metric,) = metric_files.load(tmp_path, COLUMNS)
    assert (metric.name, metric.table, metric.owner) == ("revenue", "gold.orders", "shop@example.com")
    assert metric.additive and metric.label == {"en": "Revenue"}


@pytest.mark.parametrize(
    ("right", "wrong", "line", "expected"),
    [
        ("SUM(amount)", "SUM(amounts)", 5, "a column of gold.orders is expected, found 'amounts'"),
        ("SUM(amount)", "SUM(amount", 5, "an SQL expression is expected"),
        ("gold.orders", "gold.order", 1, "table: one of gold.orders is expected, found 'gold.order'"),
        ("additive: true", "additive: mostly", 9, "found 'mostly'"),
        ("{en: Revenue}", "{pt: Receita}", 6, "a label in en is expected"),
        ("    format: $,.2f\n", "", 4, "format: missing"),
        ("$,.2f", "£,.2f", 8, "found '£,.2f'"),
        ("$,.2f", "zzz", 8, "found 'zzz'"),
        ("name: revenue", "name: Revenue!", 4, "found 'Revenue!'"),
        ("owner: shop@example.com", "owner: somebody", 2, "found 'somebody'"),
    ],
)
def test_a_fault_is_named_with_file_line_value_and_expectation(
    tmp_path: Path, right: str, wrong: str, line: int, expected: str
) -> None:
    message = fault(tmp_path, GOOD.replace(right, wrong))
    assert message.startswith(f"{tmp_path / 'orders.yaml'}:{line}: ") and expected in message


def test_a_name_belongs_to_its_table_and_is_used_once_there(tmp_path: Path) -> None:
    (tmp_path / "customers.yaml").write_text(GOOD)
    message = f"{tmp_path / 'orders.yaml'}:4: metrics.0.name: 'revenue' of gold.orders is defined twice"
    assert fault(tmp_path, GOOD) == message
    (tmp_path / "orders.yaml").write_text(GOOD.replace("gold.orders", "gold.refunds"))
    metrics = metric_files.load(tmp_path, COLUMNS | {"gold.refunds": {"amount"}})
    assert [(metric.table, metric.name) for metric in metrics] == [
        (table, "revenue") for table in ("gold.orders", "gold.refunds")
    ]
