"""Gateway gcp gives what the laptop gives: the same Gold row for row, the same files byte for byte."""

from biaac.runs import Outcome
from tests.component.gateways.conftest import same_gold
from tests.component.transform.warehouse import CHANGED_AT, CUSTOMERS, ORDERS, Rows, Warehouse, customer, order, ticket

A_DAY = [order(7, "2026-06-03", 1.25), order(8, "2026-06-03", 15.0, channel="app", gift=True)]
MOVED = [order(1, "2026-05-20", 10.0), order(4, "2026-07-01", 3.0, customer_id=77)]
EMPTIED = [order(2, "2026-06-11", 0.1), order(1, "2026-06-12", 10.0), order(3, "2026-06-13", 5.5)]
LATE = [order(9, "2026-02-01", 4.0), order(2, "2026-06-11", 0.3), order(4, "2026-07-01", 3.0, deleted_at=CHANGED_AT)]


def test_after_each_kind_of_load_gold_is_the_laptops(cloud: Warehouse, laptop: Warehouse) -> None:
    loads: list[tuple[Rows, Rows]] = [
        (ORDERS, CUSTOMERS),
        (A_DAY, CUSTOMERS),
        (MOVED, CUSTOMERS),
        (EMPTIED, CUSTOMERS),
        (LATE, [customer(1, "Portugal"), *CUSTOMERS[1:]]),
    ]
    for number, (orders, customers) in enumerate(loads, start=1):
        laptop.sync(orders=orders, customers=customers)
        laptop.sync("support", tickets=[ticket(1, f"2026-0{number}-01"), ticket(9, "2026-01-01", score=number)])
        for side in (laptop, cloud):
            assert side.transform().outcome is Outcome.PUBLISHED
        same_gold(cloud, laptop)
    assert {str(row["order_month"]) for row in cloud.rows("gold.orders")} == {"2026-02-01", "2026-06-01"}
