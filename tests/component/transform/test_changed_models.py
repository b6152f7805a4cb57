"""A changed model is built again from its first load on: what dashboards show is what the files say."""

from pathlib import Path

from tests.component.transform.warehouse import Warehouse, order

VERSIONS, AMOUNT = "silver/order_versions.sql", "amount::DECIMAL(18, 2) AS amount,"
DOUBLED = "(amount * 2)::DECIMAL(18, 2) AS amount, -- Money taken, doubled.\n"


def change(warehouse: Warehouse, model: str, old: str, new: str) -> None:
    path = Path(warehouse.environment["COMPANY_DIR"]) / "sqlmesh_project/models" / model
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def amounts(warehouse: Warehouse) -> list[str]:
    return [str(row["amount"]) for row in warehouse.rows("gold.orders")]


def test_rows_of_earlier_loads_follow_a_changed_incremental_model(stocked: Warehouse) -> None:
    assert amounts(stocked) == ["10.00", "0.10", "5.50", "3.00", "20.00"]
    change(stocked, VERSIONS, AMOUNT, DOUBLED)
    stocked.transform(reason="deploy", execution="changed")
    assert amounts(stocked) == ["20.00", "0.20", "11.00", "6.00", "40.00"]
    stocked.sync(orders=[order(7, "2026-07-01", 1.25)])
    stocked.transform(execution="next load")
    assert amounts(stocked) == ["20.00", "0.20", "11.00", "6.00", "40.00", "2.50"]


def test_a_column_of_an_incremental_model_may_change_its_type(stocked: Warehouse) -> None:
    change(stocked, VERSIONS, AMOUNT, "amount::DOUBLE AS amount,")
    stocked.transform(reason="deploy", execution="changed")
    assert {column.name: column.type for column in stocked.manifest("gold.orders").columns}["amount"] == "DOUBLE"
    assert len(stocked.rows("gold.orders")) == 5


def test_killed_while_it_builds_a_changed_model_the_next_run_ends_it(stocked: Warehouse) -> None:
    change(stocked, VERSIONS, AMOUNT, DOUBLED)
    code, output = stocked.attempt(reason="deploy", execution="killed", kill_before="SQL INSERT", nth=3)
    assert code != 0 and "killed before" in output, output
    stocked.transform(reason="deploy", execution="killed")
    assert amounts(stocked) == ["20.00", "0.20", "11.00", "6.00", "40.00"]
