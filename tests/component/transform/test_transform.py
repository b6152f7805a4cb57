"""The transform job on a small company: what it admits, publishes and refuses, and whom it waits for."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from biaac import objects, releases, runs
from biaac.runs import Outcome
from tests.component.transform.warehouse import CHANGED_AT, CUSTOMERS, ORDERS, Warehouse, customer, order, ticket
from tests.conftest import wait_for

CHANGES = [  # a correction, an order that leaves May empty, a new one, one that is deleted
    order(2, "2026-04-03", 0.2),
    order(3, "2026-06-09", 5.5),
    order(7, "2026-07-01", 1.25),
    order(5, "2026-06-02", 20.0, customer_id=None, deleted_at=CHANGED_AT),
]
BEFORE = [
    (1, "2026-04-01", "10.00", "Brazil"),
    (2, "2026-04-01", "0.10", "Brazil"),
    (3, "2026-05-01", "5.50", "Brazil"),
    (4, "2026-06-01", "3.00", "Unknown"),
    (5, "2026-06-01", "20.00", "Unknown"),
]
AFTER = [
    (1, "2026-04-01", "10.00", "Brazil"),
    (2, "2026-04-01", "0.20", "Brazil"),
    (3, "2026-06-01", "5.50", "Brazil"),
    (4, "2026-06-01", "3.00", "Unknown"),
    (7, "2026-07-01", "1.25", "Brazil"),
]


def test_without_a_succeeded_sync_there_is_nothing_new(warehouse: Warehouse) -> None:
    run = warehouse.transform()
    assert run.outcome is Outcome.NOTHING_NEW
    assert run.release is None and run.message == "no sync has succeeded yet"


def test_a_load_becomes_a_release_that_says_what_it_holds(stocked: Warehouse) -> None:
    release = stocked.release()
    run = runs.get(stocked.ops, "prod", "first")
    assert (run.outcome, run.release) == (Outcome.PUBLISHED, release.id)
    assert stocked.orders() == BEFORE
    assert [row["ticket_id"] for row in stocked.rows("gold.tickets")] == [1, 2]
    assert (release.parent, release.sequence, release.execution) == (None, 1, "first")
    assert [(load.connection, load.job) for load in release.loads] == [("shop", 1), ("support", 2)]
    assert run.loads == release.loads
    as_of = {entry.stream: entry.data_as_of for entry in release.freshness}
    assert as_of == {"orders": CHANGED_AT, "customers": None, "tickets": CHANGED_AT}
    assert {metric.name: metric.label for metric in release.metrics} == {
        "revenue": {"en": "Revenue", "pt": "Receita"},
        "orders": {"en": "Orders", "pt": "Pedidos"},
        "order_value": {"en": "Order value", "pt": "Valor do pedido"},
        "tickets": {"en": "Tickets"},
        "open_tickets": {"en": "Open tickets"},
        "score": {"en": "Score"},
    }
    assert [audit.audit for audit in release.audits if audit.outcome == "warned"] == ["customers_are_known"]
    assert {audit.model for audit in release.audits} >= {*release.tables, "silver.order_versions"}
    assert {step.name for step in run.steps} >= {"admit", "build and audit", "publish"}


def test_a_release_carries_over_every_file_whose_rows_did_not_change(stocked: Warehouse) -> None:
    first = {file.partition: file for file in stocked.manifest("gold.orders").files}
    tickets = stocked.release().tables["gold.tickets"]
    stocked.sync(orders=[order(3, "2026-06-09", 5.5), order(7, "2026-07-01", 1.25)])
    stocked.transform()
    manifest = stocked.manifest("gold.orders")
    second = {file.partition: file for file in manifest.files}
    assert set(first) == {"2026-04-01", "2026-05-01", "2026-06-01"}
    assert set(second) == {"2026-04-01", "2026-06-01", "2026-07-01"}  # May is empty and gone
    assert second["2026-04-01"] == first["2026-04-01"]
    assert second["2026-06-01"] != first["2026-06-01"]
    assert stocked.release().tables["gold.tickets"] == tickets
    assert (manifest.partitioned_by, manifest.sorted_by) == ("order_month", ["order_id"])
    assert [column.name for column in manifest.columns][-2:] == ["country", "order_month"]


def test_a_release_describes_every_column_also_one_whose_comment_stands_in_another_model(stocked: Warehouse) -> None:
    descriptions = {column.name: column.description for column in stocked.manifest("gold.orders").columns}
    assert all(descriptions.values())
    assert descriptions["amount"] == "Money taken after the discount."  # of bronze.shop_orders
    assert descriptions["order_month"] == "First day of the month of ordered_at."  # of silver.order_versions
    assert descriptions["order_day"] == "Day of the order."  # its own
    assert all(column.description for column in stocked.manifest("gold.customers").columns)


def test_a_release_whose_manifests_have_bounds_of_columns_is_built_on_and_rolled_back_to(stocked: Warehouse) -> None:
    """As earlier versions wrote them."""
    release = stocked.release()
    value = stocked.manifest("gold.orders").model_dump(mode="json")
    files = [file | {"bounds": {"order_id": [1, 2]}} for file in value["files"]]
    name = releases.digest(value | {"files": files})
    objects.create(stocked.lake, f"manifests/{name}.json", value | {"files": files})
    reference = release.tables["gold.orders"].model_copy(update={"manifest": name})
    old = release.model_copy(
        update={"sequence": 2, "parent": release.id, "tables": {**release.tables, "gold.orders": reference}}
    )
    releases.promote(stocked.lake, "prod", releases.write(stocked.lake, old))
    stocked.sync(orders=[order(7, "2026-07-01", 1.25)])
    run = stocked.transform()
    assert run.message.endswith("2 of 7 files are new")  # July's, and the customers'
    assert run.release is not None
    releases.promote(stocked.lake, "prod", run.release)
    assert releases.roll_back(stocked.lake, "prod", None, by="ana", reason="a test").release == old.id
    now = releases.current(stocked.lake, "prod")
    assert now is not None and releases.read_manifest(stocked.lake, now.tables["gold.orders"]).rows == 5


def test_the_newest_version_of_a_row_counts_in_an_incremental_gold_table(stocked: Warehouse) -> None:
    stocked.sync("support", tickets=[ticket(1, "2026-06-05"), ticket(2, "2026-06-04", closed_at=CHANGED_AT)])
    stocked.transform()
    assert [
        (row["ticket_id"], str(row["opened_month"]), row["hours_open"]) for row in stocked.rows("gold.tickets")
    ] == [
        (1, "2026-06-01", None),
        (2, "2026-06-01", 624),
    ]
    assert [file.partition for file in stocked.manifest("gold.tickets").files] == ["2026-06-01"]  # May is gone


def test_a_candidate_nobody_promoted_is_offered_again_and_a_promoted_one_is_nothing_new(stocked: Warehouse) -> None:
    first = runs.get(stocked.ops, "prod", "first")
    again = stocked.transform(reason="sweep")
    assert (again.outcome, again.release) == (Outcome.PUBLISHED, first.release)
    assert first.release is not None
    releases.promote(stocked.lake, "prod", first.release)
    idle = stocked.transform(reason="sweep")
    assert (idle.outcome, idle.release) == (Outcome.NOTHING_NEW, first.release)


def test_an_execution_with_a_record_is_not_run_again(warehouse: Warehouse) -> None:
    first = warehouse.transform(execution="once")
    warehouse.sync(orders=ORDERS)
    assert warehouse.transform(execution="once") == first


def test_a_failed_sync_starts_nothing_and_its_rows_come_with_the_next_good_one(warehouse: Warehouse) -> None:
    warehouse.sync(orders=ORDERS, status="failed")
    assert warehouse.transform().outcome is Outcome.NOTHING_NEW
    warehouse.sync(orders=CHANGES)
    warehouse.transform()
    assert warehouse.orders() == AFTER


def test_the_list_of_a_failed_sync_is_not_read(stocked: Warehouse) -> None:
    job = stocked.sync(orders=[order(8, "2026-08-01", 1.0)], customers=[customer(1, "HALF A LIST")], status="cancelled")
    stocked.write("shop/orders", [order(9, "2026-08-02", 1.0)], job=job, generation=0)
    assert stocked.transform().release == stocked.release().id
    assert stocked.orders() == BEFORE


def test_a_changed_customer_shows_in_every_month(stocked: Warehouse) -> None:
    stocked.sync(orders=[order(8, "2026-08-01", 1.0)], customers=[customer(1, " Cabo  Verde "), *CUSTOMERS[1:]])
    stocked.transform()
    assert [(row[0], row[3]) for row in stocked.orders()] == [
        (1, "Cabo Verde"),
        (2, "Cabo Verde"),
        (3, "Cabo Verde"),
        (4, "Unknown"),
        (5, "Unknown"),
        (8, "Cabo Verde"),
    ]


def test_a_row_without_its_key_is_refused_with_audit_rows_and_query(stocked: Warehouse) -> None:
    """The newest release stays; a sweep does not loop on it; a retry tries again; new data mend it."""
    before = stocked.release()
    job = stocked.sync(orders=[order(1, "2026-04-03", 10.0) | {"order_id": None}])
    run = stocked.transform()
    assert (run.outcome, run.release) == (Outcome.REJECTED, before.id)
    (failed,) = [audit for audit in run.audits if audit.outcome == "failed"]
    assert failed.model == "silver.order_versions" and failed.audit.startswith("not_null(columns := (order_id")
    assert failed.rows == 1 and '"order_id" IS NULL' in failed.query
    assert failed.audit in run.message and "1 row" in run.message
    (rows,) = runs.offending(stocked.ops, stocked.settings.environment, run.execution)
    assert (rows.model, rows.audit) == (failed.model, failed.audit)
    assert dict(zip(rows.columns, rows.rows[0], strict=True))["order_id"] is None
    assert stocked.release() == before
    waits = stocked.transform(reason="sweep")
    assert waits.outcome is Outcome.NOTHING_NEW and waits.message.startswith("refused before")
    assert stocked.transform(reason="retry").outcome is Outcome.REJECTED
    for blob in stocked.files_of("shop/orders", job=job):  # somebody takes the bad objects out
        blob.delete()
    stocked.sync(orders=CHANGES)
    assert stocked.transform().outcome is Outcome.PUBLISHED
    assert stocked.orders() == AFTER


def test_a_run_waits_for_a_living_owner_of_the_lock_and_takes_it_from_a_dead_one(stocked: Warehouse) -> None:
    owner = "projects/laptop/locations/local/jobs/transform/executions/transform-other"
    objects.update(stocked.lake, "locks/transform", lambda _: {"owner": owner})
    stocked.living.add(owner)
    stocked.sync(orders=CHANGES)
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(stocked.transform)
        wait_for(lambda: stocked.asked > 2, what="the run looks again whether the owner is at work")
        assert not run.done()
        stocked.living.clear()
        assert run.result().outcome is Outcome.PUBLISHED
    assert stocked.orders() == AFTER


def test_an_object_that_is_no_parquet_file_is_named(warehouse: Warehouse) -> None:
    warehouse.sync(orders=ORDERS)
    warehouse.bronze.blob("shop/orders/2026_11_24_1790000000009_0.parquet").upload_from_string(b"PAR1 torn")
    code, output = warehouse.attempt()
    assert code != 0
    assert "orders/2026_11_24_1790000000009_0.parquet: not a Parquet file (9 bytes)" in output


def test_a_foreign_object_is_named_and_stops_nothing(stocked: Warehouse) -> None:
    stocked.sync(orders=CHANGES)
    for name in ("shop/customers/backfill.parquet", "shop/customers/notes.txt", "stray.parquet"):
        stocked.bronze.blob(name).upload_from_string(b"not of a sync")
    code, output = stocked.attempt(execution="second")
    assert code == 0, output
    assert runs.get(stocked.ops, "prod", "second").outcome is Outcome.PUBLISHED
    (line,) = [line for line in output.splitlines() if "foreign objects in Bronze" in line]
    assert "shop/customers/backfill.parquet" in line and "move it out of the Bronze bucket" in line


def test_an_airbyte_that_does_not_answer_is_a_reason_to_try_again(warehouse: Warehouse) -> None:
    warehouse.environment["AIRBYTE_URL"] = "http://127.0.0.1:1/api/public/v1"
    code, output = warehouse.attempt()
    assert code != 0 and "TransientError" in output and "Airbyte at http://127.0.0.1:1/api/public/v1" in output


def test_a_column_may_be_missing_or_new_and_a_list_may_be_empty(stocked: Warehouse) -> None:
    changed = order(1, "2026-04-03", 1.0, discount=0.5, coupon="SPRING")
    del changed["channel"]
    stocked.sync(orders=[changed], customers=[])
    assert stocked.transform().outcome is Outcome.PUBLISHED
    first = stocked.rows("gold.orders")[0]
    assert (first["channel"], str(first["discount"])) == (None, "0.50")
    assert {row[3] for row in stocked.orders()} == {"Unknown"}
    assert stocked.manifest("gold.customers").rows == 0


def test_a_person_may_plan_by_hand_while_the_newest_load_stands_ahead_of_the_clock(
    stocked: Warehouse, company_folder: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "transform.by_hand", "--log-file-dir", "/tmp", "plan", "--auto-apply"],
        cwd=company_folder / "sqlmesh_project",
        env=stocked.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    stocked.sync(orders=CHANGES)
    stocked.transform()
    assert stocked.orders() == AFTER
