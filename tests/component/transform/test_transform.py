"""The transform job on a tiny grocery: what it admits, what it publishes, and that killing it changes nothing."""

import pytest

from biaac import objects, releases
from biaac.runs import Outcome
from tests.component.transform.conftest import Grocery, line

FIRST = [
    line(1, 1, "2017-04-03", 10.0),
    line(1, 2, "2017-04-03", 0.1),
    line(2, 1, "2017-05-09", 5.5),
    line(3, 77, "2017-06-01", 3.0),  # a product that no list has
    line(4, 9, "2017-06-02", 20.0, quantity=8_123),  # fuel, in thousandths of a gallon
]
SECOND = [  # a correction, a line that leaves May empty, a new line, and one row sent twice
    line(1, 2, "2017-04-03", 0.2),
    line(2, 1, "2017-06-09", 5.5),
    line(5, 3, "2017-07-01", 1.25),
    line(5, 3, "2017-07-01", 1.25),
]
AFTER_FIRST = [
    (1, 1, "2017-04-01", "10.00", "DAIRY"),
    (1, 2, "2017-04-01", "0.10", "DAIRY"),
    (2, 1, "2017-05-01", "5.50", "DAIRY"),
    (3, 77, "2017-06-01", "3.00", "UNKNOWN"),
    (4, 9, "2017-06-01", "20.00", "FUEL"),
]
AFTER_SECOND = [
    (1, 1, "2017-04-01", "10.00", "DAIRY"),
    (1, 2, "2017-04-01", "0.20", "DAIRY"),
    (2, 1, "2017-06-01", "5.50", "DAIRY"),
    (3, 77, "2017-06-01", "3.00", "UNKNOWN"),
    (4, 9, "2017-06-01", "20.00", "FUEL"),
    (5, 3, "2017-07-01", "1.25", "DAIRY"),
]


def test_without_a_succeeded_sync_there_is_nothing_new(grocery: Grocery) -> None:
    run = grocery.transform()
    assert run is not None and run.outcome is Outcome.NOTHING_NEW


def test_loads_become_releases_that_carry_over_what_did_not_change(grocery: Grocery) -> None:
    grocery.sync(FIRST)
    first = grocery.transform()
    assert first is not None and first.outcome is Outcome.PUBLISHED
    assert grocery.sales() == AFTER_FIRST
    grocery.sync(SECOND)
    grocery.transform()
    assert grocery.sales() == AFTER_SECOND
    second = releases.latest(grocery.lake, "prod")
    assert second is not None and second.parent == first.release and second.sequence == 2
    again = grocery.transform()
    assert again is not None and again.outcome is Outcome.PUBLISHED  # the candidate waits for its promotion
    assert again.release == second.id
    releases.promote(grocery.lake, "prod", second.id)
    idle = grocery.transform()
    assert idle is not None and idle.outcome is Outcome.NOTHING_NEW


def test_a_failed_sync_starts_nothing_and_its_rows_come_with_the_next_good_one(grocery: Grocery) -> None:
    grocery.sync(FIRST, status="failed")
    nothing = grocery.transform()
    assert nothing is not None and nothing.outcome is Outcome.NOTHING_NEW
    grocery.sync(SECOND)
    grocery.transform()
    assert grocery.sales() == AFTER_SECOND


def test_a_changed_product_shows_in_every_month(grocery: Grocery) -> None:
    grocery.sync(FIRST)
    grocery.transform()
    grocery.sync([line(6, 1, "2017-08-01", 1.0)], departments="BAKERY")
    grocery.transform()
    departments = {row[4] for row in grocery.sales()}
    assert departments == {"BAKERY", "UNKNOWN", "FUEL"}


@pytest.mark.parametrize(
    "statement",
    [
        r"INSERT INTO .*silver__sales_line_versions",
        r"INSERT INTO .*silver__sales_lines__",
        r"(INSERT INTO|CREATE OR REPLACE|CREATE TABLE).*gold__daily_sales",
    ],
)
def test_killed_before_a_statement_and_run_again_the_rows_are_exact(grocery: Grocery, statement: str) -> None:
    grocery.sync(FIRST)
    grocery.transform()
    grocery.sync(SECOND)
    grocery.transform(kill_before=statement)
    assert objects.read(grocery.lake, "locks/transform").value["owner"] is not None  # left by the dead
    run = grocery.transform()
    assert run is not None and run.outcome is Outcome.PUBLISHED
    assert grocery.sales() == AFTER_SECOND


def test_a_line_without_its_key_is_rejected_with_audit_rows_and_query(grocery: Grocery) -> None:
    """The newest release stays; a sweep does not loop on the refused load, a person's retry tries it again."""
    grocery.sync(FIRST)
    grocery.transform()
    before = releases.latest(grocery.lake, "prod")
    grocery.sync([line(1, 1, "2017-04-03", 10.0) | {"basket_id": None}])
    run = grocery.transform()
    assert run is not None and run.outcome is Outcome.REJECTED
    failed = [audit for audit in run.audits if audit.outcome == "failed"]
    assert failed[0].audit.startswith("not_null(columns := (basket_id")
    assert failed[0].rows == 1
    assert "basket_id" in failed[0].query
    assert releases.latest(grocery.lake, "prod") == before
    waits = grocery.transform(reason="sweep")
    assert waits is not None and waits.outcome is Outcome.NOTHING_NEW
    retried = grocery.transform(reason="retry")
    assert retried is not None and retried.outcome is Outcome.REJECTED
