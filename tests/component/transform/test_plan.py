"""``--plan`` says what changed models would do to the lake and does nothing; the next run does it."""

from pathlib import Path

import pytest

from tests import company
from tests.component.transform.warehouse import ORDERS, Warehouse

MONTHS = """
MODEL (
  name gold.months, kind FULL, grain order_month, owner 'shop@example.com',
  description 'Orders by month.', audits (unique_values(columns := (order_month)))
);
SELECT
  order_month,                              -- Month.
  SUM(amount)::DECIMAL(18, 2) AS revenue    -- Money taken.
FROM gold.orders
GROUP BY order_month
"""


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """The company with two models changed, one removed and one added."""
    folder = tmp_path / "changed"
    folder.mkdir()
    company.install(folder)
    models = folder / "sqlmesh_project/models"
    customers = models / "gold/customers.sql"
    customers.write_text(customers.read_text().replace("SUM(o.amount)", "SUM(o.amount * 2)"))
    listed = models / "silver/customers.sql"
    listed.write_text(listed.read_text().replace("'Unknown'", "'Nowhere'"))
    (models / "gold/tickets.sql").unlink()
    (models / "gold/months.sql").write_text(MONTHS)
    (folder / "sqlmesh_project/metrics/tickets.yaml").unlink()
    return folder


def test_a_plan_names_every_change_and_applies_none_and_the_next_run_applies_them(
    warehouse: Warehouse, changed: Path
) -> None:
    warehouse.sync(orders=ORDERS)
    assert warehouse.plan()[1].count("  added\n") == 10  # an empty lake
    warehouse.transform()
    before, after = warehouse.release().tables, warehouse.with_environment(COMPANY_DIR=str(changed))
    code, planned = after.plan()
    assert code == 0, planned
    assert "+ gold.months  added" in planned and "- gold.tickets  removed" in planned
    assert "~ gold.customers  changed" in planned and "SUM(o.amount * 2)" in planned
    assert "~ gold.orders  built again, as what it reads has changed" in planned
    assert warehouse.plan() == (0, "no model would change\n") and warehouse.release().tables == before
    after.transform(execution="changed", reason="deploy")
    assert str(after.rows("gold.customers")[0]["revenue"]) == "31.20"
    assert "gold.months" in after.release().tables and "gold.tickets" not in after.release().tables
    warehouse.transform()  # the old models again
    assert warehouse.release().tables == before
