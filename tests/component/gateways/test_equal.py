"""Gateway gcp gives what the laptop gives: the same Gold row for row, the same files byte for byte."""

from biaac import releases
from biaac.runs import Outcome
from tests.component.gateways.conftest import same_gold
from tests.component.transform.conftest import FIRST, PRODUCTS, Grocery, Row, line, product

A_DAY = [line(5, 3, "2017-06-03", 1.25), line(6, 9, "2017-06-03", 15.0)]
MOVED = [line(1, 1, "2017-05-20", 10.0), line(3, 77, "2017-07-01", 3.0)]
EMPTIED = [line(1, 2, "2017-06-11", 0.1), line(1, 1, "2017-06-12", 10.0), line(2, 1, "2017-06-13", 5.5)]
LATE = [line(7, 2, "2017-02-01", 4.0), line(1, 2, "2017-06-11", 0.3)]


def test_after_each_kind_of_load_gold_is_the_laptops(cloud: Grocery, laptop: Grocery) -> None:
    loads: list[tuple[list[Row], list[Row]]] = [
        (FIRST, PRODUCTS),
        (A_DAY, PRODUCTS),
        (MOVED, PRODUCTS),
        (EMPTIED, PRODUCTS),
        (LATE, [product(1, "BAKERY"), *PRODUCTS[1:]]),
    ]
    for lines, products in loads:
        laptop.sync(lines, products=products)
        for side in (laptop, cloud):
            assert side.transform().outcome is Outcome.PUBLISHED
        same_gold(cloud, laptop)
    assert {str(row["sale_month"]) for row in cloud.rows("gold.sales")} == {"2017-02-01", "2017-06-01", "2017-07-01"}


def test_a_refused_load_leaves_release_and_pointer_alone_and_the_next_good_one_counts(
    cloud: Grocery, laptop: Grocery
) -> None:
    laptop.sync(FIRST)
    first = cloud.transform().release
    assert first is not None
    releases.promote(cloud.lake, cloud.settings.environment, first)
    laptop.sync([line(1, 1, "2017-04-03", 10.0) | {"basket_id": None}])
    run = cloud.transform()
    assert (run.outcome, run.release) == (Outcome.REJECTED, first)
    assert "silver.sales_line_versions: 1 row" in run.message
    pointer = releases.pointer(cloud.lake, cloud.settings.environment)
    assert pointer is not None and pointer.release == first == cloud.release().id
    for blob in laptop.bronze.list_blobs(prefix="grocery/transactions/"):  # somebody takes the bad objects out
        if "_1790000000002_" in blob.name:
            blob.delete()
    laptop.sync(A_DAY)
    for side in (laptop, cloud):
        assert side.transform().outcome is Outcome.PUBLISHED
    same_gold(cloud, laptop)
