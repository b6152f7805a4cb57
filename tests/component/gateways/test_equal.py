"""Gateway gcp gives what the laptop gives: the same Gold row for row, the same files byte for byte."""

from biaac import releases
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


def test_a_refused_load_leaves_release_and_pointer_alone_and_the_next_good_one_counts(
    cloud: Warehouse, laptop: Warehouse
) -> None:
    laptop.sync(orders=ORDERS)
    first = cloud.transform().release
    assert first is not None
    releases.promote(cloud.lake, cloud.settings.environment, first)
    job = laptop.sync(orders=[order(1, "2026-04-03", 10.0) | {"order_id": None}])
    run = cloud.transform()
    assert (run.outcome, run.release) == (Outcome.REJECTED, first)
    assert "silver.order_versions: 1 row" in run.message
    pointer = releases.pointer(cloud.lake, cloud.settings.environment)
    assert pointer is not None and pointer.release == first == cloud.release().id
    for blob in laptop.files_of("shop/orders", job=job):  # somebody takes the bad objects out
        blob.delete()
    laptop.sync(orders=A_DAY)
    for side in (laptop, cloud):
        assert side.transform().outcome is Outcome.PUBLISHED
    same_gold(cloud, laptop)
