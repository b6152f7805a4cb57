"""The transform job on a tiny grocery: what it admits, what it publishes, what it refuses, whom it waits for."""

import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from biaac import objects, releases, runs
from biaac.runs import Outcome
from tests.component.transform.conftest import FIRST, PRODUCTS, Grocery, line, product

SECOND = [  # a correction, a line that leaves May empty, a new line
    line(1, 2, "2017-04-03", 0.2),
    line(2, 1, "2017-06-09", 5.5),
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
    assert run.outcome is Outcome.NOTHING_NEW
    assert run.release is None and run.message == "no sync has succeeded yet"


def test_a_load_becomes_a_release_that_says_what_it_holds(stocked: Grocery) -> None:
    grocery, release = stocked, stocked.release()
    run = runs.get(grocery.ops, "prod", "first")
    assert (run.outcome, run.release) == (Outcome.PUBLISHED, release.id)
    assert grocery.sales() == AFTER_FIRST
    assert (release.parent, release.sequence, release.execution) == (None, 1, "first")
    assert [(load.connection, load.job) for load in release.loads] == [("grocery", 1)] and run.loads == release.loads
    freshness = {entry.stream: entry.data_as_of for entry in release.freshness}
    as_of = datetime(2017, 6, 2, 12, tzinfo=UTC)
    assert freshness == {"transactions": as_of, "products": None, "households": None}
    assert {metric.name for metric in release.metrics} >= {"revenue", "baskets", "discount_rate"}
    assert {audit.outcome for audit in release.audits} == {"passed", "warned"}
    assert {audit.model for audit in release.audits} >= {*release.tables, "silver.sales_line_versions"}
    assert {step.name for step in run.steps} >= {"admit", "build and audit", "publish"}


def test_gold_is_what_the_source_meant(stocked: Grocery) -> None:
    grocery = stocked
    grocery.sync([line(6, 9, "2017-06-02", 15.0)])  # a till that counted the sale and not the gallons
    grocery.transform()
    sales = {(row["basket_id"], row["product_id"]): row for row in grocery.rows("gold.sales")}
    assert [sales[4, 9][name] for name in ("quantity", "fuel_gallons")] == [None, Decimal("8.123")]
    assert [sales[6, 9][name] for name in ("quantity", "fuel_gallons")] == [None, None]
    assert [sales[1, 1][name] for name in ("quantity", "fuel_gallons")] == [1, None]
    assert [sales[4, 9]["income"], sales[1, 1]["income"]] == ["Unknown", "x"]
    assert {row["household_id"]: row["age"] for row in grocery.rows("gold.households")} == {1: "x", 5: "Unknown"}
    (store,) = grocery.rows("gold.stores")
    assert (store["first_sale"], store["last_sale"], store["baskets"]) == (date(2017, 4, 3), date(2017, 6, 2), 5)
    days = [row["date_day"] for row in grocery.rows("gold.dates")]
    assert (days[0], days[-1], len(days)) == (date(2017, 1, 1), date(2017, 12, 31), 365)


def test_a_release_carries_over_every_file_whose_rows_did_not_change(stocked: Grocery) -> None:
    grocery = stocked
    first = {file.partition: file for file in grocery.manifest("gold.sales").files}
    products = grocery.release().tables["gold.products"]
    grocery.sync([line(2, 1, "2017-06-09", 5.5), line(5, 3, "2017-07-01", 1.25)])
    grocery.transform()
    manifest = grocery.manifest("gold.sales")
    second = {file.partition: file for file in manifest.files}
    assert set(first) == {"2017-04-01", "2017-05-01", "2017-06-01"}
    assert set(second) == {"2017-04-01", "2017-06-01", "2017-07-01"}  # May is empty and gone
    assert second["2017-04-01"] == first["2017-04-01"]
    assert second["2017-06-01"] != first["2017-06-01"]
    assert grocery.release().tables["gold.products"] == products
    assert (manifest.partitioned_by, manifest.sorted_by) == ("sale_month", ["basket_id", "product_id"])
    assert manifest.columns[-1].name == "sale_month" and all(column.description for column in manifest.columns)
    bounds = second["2017-06-01"].bounds
    assert bounds["basket_id"] == (2, 4) and bounds["revenue"] == ("3.00", "20.00")
    assert bounds["sold_at"] == ("2017-06-01T12:00:00", "2017-06-09T12:00:00")


def test_a_candidate_nobody_promoted_is_offered_again_and_a_promoted_one_is_nothing_new(stocked: Grocery) -> None:
    grocery, first = stocked, runs.get(stocked.ops, "prod", "first")
    again = grocery.transform(reason="sweep")
    assert (again.outcome, again.release) == (Outcome.PUBLISHED, first.release)
    assert first.release is not None
    releases.promote(grocery.lake, "prod", first.release)
    idle = grocery.transform(reason="sweep")
    assert (idle.outcome, idle.release) == (Outcome.NOTHING_NEW, first.release)


def test_an_execution_with_a_record_is_not_run_again(grocery: Grocery) -> None:
    first = grocery.transform(execution="once")
    grocery.sync(FIRST)
    assert grocery.transform(execution="once") == first


def test_a_failed_sync_starts_nothing_and_its_rows_come_with_the_next_good_one(grocery: Grocery) -> None:
    grocery.sync(FIRST, status="failed")
    assert grocery.transform().outcome is Outcome.NOTHING_NEW
    grocery.sync(SECOND)
    grocery.transform()
    assert grocery.sales() == AFTER_SECOND


def test_the_list_of_a_failed_sync_is_not_read(stocked: Grocery) -> None:
    grocery = stocked
    grocery.sync([line(7, 1, "2017-08-01", 1.0)], products=[product(1, "HALF A LIST")], status="cancelled")
    grocery.write("transactions", [line(8, 1, "2017-08-02", 1.0)], job=2, generation=0)
    assert grocery.transform().release == grocery.release().id
    assert grocery.sales() == AFTER_FIRST


def test_a_changed_product_shows_in_every_month(stocked: Grocery) -> None:
    grocery = stocked
    grocery.sync([line(6, 1, "2017-08-01", 1.0)], products=[product(1, " BAKERY  GOODS "), *PRODUCTS[1:]])
    grocery.transform()
    assert {(row[1], row[4]) for row in grocery.sales()} == {
        (1, "BAKERY GOODS"),
        (2, "DAIRY"),
        (9, "FUEL"),
        (77, "UNKNOWN"),
    }


def test_a_line_without_its_key_is_refused_with_audit_rows_and_query(stocked: Grocery) -> None:
    """The newest release stays; a sweep does not loop on it; a retry tries again; new data mend it."""
    grocery = stocked
    before = grocery.release()
    grocery.sync([line(1, 1, "2017-04-03", 10.0) | {"basket_id": None}])
    run = grocery.transform()
    assert (run.outcome, run.release) == (Outcome.REJECTED, before.id)
    (failed,) = [audit for audit in run.audits if audit.outcome == "failed"]
    assert failed.model == "silver.sales_line_versions" and failed.audit.startswith("not_null(columns := (basket_id")
    assert failed.rows == 1 and '"basket_id" IS NULL' in failed.query
    assert failed.audit in run.message and "1 row" in run.message
    assert grocery.release() == before
    waits = grocery.transform(reason="sweep")
    assert waits.outcome is Outcome.NOTHING_NEW and waits.message.startswith("refused before")
    assert grocery.transform(reason="retry").outcome is Outcome.REJECTED
    for blob in grocery.bronze.list_blobs(prefix="grocery/transactions/"):  # somebody takes the bad objects out
        if "_1790000000002_" in blob.name:
            blob.delete()
    grocery.sync(SECOND)
    assert grocery.transform().outcome is Outcome.PUBLISHED
    assert grocery.sales() == AFTER_SECOND


def test_a_living_owner_of_the_lock_is_left_alone_and_a_dead_one_is_not(stocked: Grocery) -> None:
    grocery = stocked
    owner = "projects/laptop/locations/local/jobs/transform/executions/transform-other"
    objects.update(grocery.lake, "locks/transform", lambda _: {"owner": owner})
    grocery.outside.living.add(owner)
    code, output = grocery.attempt(execution="mine")
    assert code != 0 and f"{owner} is at work" in output
    assert runs.read(grocery.ops, "prod", "mine") is None
    grocery.outside.living.clear()
    assert grocery.transform(execution="mine").outcome is Outcome.PUBLISHED
    assert objects.read(grocery.lake, "locks/transform").value == {"owner": None}


def test_an_object_that_is_no_parquet_file_is_named(grocery: Grocery) -> None:
    grocery.sync(FIRST)
    grocery.bronze.blob("grocery/transactions/2026_11_24_1790000000009_0.parquet").upload_from_string(b"PAR1 torn")
    code, output = grocery.attempt()
    assert code != 0
    assert "transactions/2026_11_24_1790000000009_0.parquet: not a Parquet file (9 bytes)" in output


def test_a_foreign_object_is_named_and_stops_nothing(stocked: Grocery) -> None:
    grocery = stocked
    grocery.sync(SECOND)
    for name in ("grocery/products/backfill.parquet", "grocery/products/notes.txt", "stray.parquet"):
        grocery.bronze.blob(name).upload_from_string(b"not of a sync")
    code, output = grocery.attempt(execution="second")
    assert code == 0, output
    assert runs.get(grocery.ops, "prod", "second").outcome is Outcome.PUBLISHED
    (line,) = [line for line in output.splitlines() if "foreign objects in Bronze" in line]
    assert "grocery/products/backfill.parquet" in line and "move it out of the Bronze bucket" in line


def test_an_airbyte_that_does_not_answer_is_a_reason_to_try_again(grocery: Grocery) -> None:
    grocery.environment["AIRBYTE_URL"] = "http://127.0.0.1:1/api/public/v1"
    code, output = grocery.attempt()
    assert code != 0 and "TransientError" in output and "Airbyte at http://127.0.0.1:1/api/public/v1" in output


def test_a_column_may_be_missing_or_new_and_a_list_may_be_empty(stocked: Grocery) -> None:
    changed = line(1, 1, "2017-04-03", 1.0, channel="web")
    del changed["coupon_match_disc"]
    stocked.sync([changed], products=[])
    assert stocked.transform().outcome is Outcome.PUBLISHED
    assert stocked.rows("gold.sales")[0]["coupon_match_discount"] is None
    assert {row[4] for row in stocked.sales()} == {"UNKNOWN"}
    assert stocked.manifest("gold.products").rows == 0


def test_a_person_may_plan_by_hand_while_the_newest_load_stands_ahead_of_the_clock(
    stocked: Grocery, repository: Path
) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("sqlmesh"), "--log-file-dir", "/tmp", "plan", "--auto-apply"],
        cwd=repository / "sqlmesh_project",
        env=stocked.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    stocked.sync(SECOND)
    stocked.transform()
    assert stocked.sales() == AFTER_SECOND
