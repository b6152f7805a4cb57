"""One sync followed through the stack: what every hop left behind, and the numbers at its end."""

import re

import httpx
import pyarrow.parquet as pq
from google.cloud.workflows import executions_v1

from biaac import objects, runs
from biaac.clients import executions_client, job_executions_client, scheduler_client, storage_client
from tests.company import FIRST
from tests.stack import Stack


def test_a_tick_of_the_schedule_becomes_the_first_release(stack: Stack) -> None:
    release = stack.sync_by_schedule()
    assert release.sequence == 1
    assert release.parent is None
    assert [(load.connection, load.job) for load in release.loads] == [("shop", 1)]
    assert release.tables["gold.orders"].rows == FIRST.orders


def test_the_scheduler_called_the_function_and_got_its_response(stack: Stack) -> None:
    settings = stack.settings
    job = scheduler_client(settings).get_job(name=f"{settings.parent}/jobs/sync-shop")
    assert job.http_target.uri == settings.sync_url
    assert job.status.code == 0
    assert job.last_attempt_time is not None


def test_airbyte_has_one_succeeded_job(stack: Stack) -> None:
    jobs = httpx.get(f"{stack.settings.airbyte_url}/jobs", timeout=60).raise_for_status().json()["data"]
    assert [(job["jobId"], job["status"], job["jobType"]) for job in jobs] == [(1, "succeeded", "sync")]
    assert jobs[0]["rowsSynced"] >= FIRST.orders + FIRST.customers


def test_bronze_holds_parquet_in_airbytes_layout(stack: Stack) -> None:
    bronze = storage_client(stack.settings).bucket("bronze")
    names = [blob.name for blob in bronze.list_blobs(prefix="shop/orders/")]
    assert names
    assert all(re.fullmatch(r"shop/orders/\d{4}_\d\d_\d\d_\d{13}_\d+\.parquet", name) for name in names)
    with bronze.blob(names[0]).open("rb") as file:
        schema = pq.ParquetFile(file).schema_arrow
    assert schema.names[:4] == ["_airbyte_raw_id", "_airbyte_extracted_at", "_airbyte_meta", "_airbyte_generation_id"]
    assert str(schema.field("amount").type) == "double"


def test_every_event_was_delivered(stack: Stack) -> None:
    assert "undelivered" not in stack.biaac("status").stdout.lower()


def test_one_event_watched_and_one_execution_started(stack: Stack) -> None:
    ops = storage_client(stack.settings).bucket("ops")
    assert len(list(ops.list_blobs(prefix="watches/shop/"))) == 1
    assert objects.read(ops, "starts/shop/1").value is not None
    settings = stack.settings
    parent = f"{settings.parent}/workflows/{settings.workflow}"
    executions = list(executions_client(settings).list_executions(parent=parent))
    assert [execution.state for execution in executions] == [executions_v1.Execution.State.SUCCEEDED]


def test_the_run_record_says_what_the_transform_did(stack: Stack) -> None:
    release = stack.release()
    assert release is not None
    run = runs.get(storage_client(stack.settings).bucket("ops"), "prod", release.execution)
    assert (run.outcome, run.release, run.reason) == (runs.Outcome.PUBLISHED, release.id, "sync")
    assert run.audits and all(audit.rows == 0 for audit in run.audits if audit.blocking)


def test_the_jobs_ran_as_cloud_run_executions(stack: Stack) -> None:
    settings = stack.settings
    client = job_executions_client(settings)
    # superset-refresh checks the candidate, and follows the release
    for job, times in (("ingest-shop", 1), ("transform", 1), ("superset-refresh", 2)):
        executions = list(client.list_executions(parent=f"{settings.parent}/jobs/{job}"))
        assert [execution.succeeded_count for execution in executions] == [1] * times, job


def test_the_transform_lock_is_free_again(stack: Stack) -> None:
    lake = storage_client(stack.settings).bucket("lake")
    assert objects.read(lake, "locks/transform").value["owner"] is None


def test_a_second_connection_joins_the_release(stack: Stack) -> None:
    before = stack.release()
    release = stack.sync_by_schedule("support")
    assert before is not None
    assert release.parent == before.id
    assert release.tables["gold.tickets"].rows == FIRST.tickets
    assert release.tables["gold.orders"] == before.tables["gold.orders"]


def test_flight_sql_the_command_and_superset_give_the_same_totals(stack: Stack) -> None:
    sql = "SELECT count(*) AS orders, sum(amount) AS revenue FROM gold.orders"
    assert stack.rows(sql) == [(FIRST.orders, FIRST.revenue)]
    (row,) = stack.query(sql)
    assert (str(row["orders"]), str(row["revenue"])) == (str(FIRST.orders), str(FIRST.revenue))
    (shown,) = stack.chart_data(metrics=["orders", "revenue"], columns=[])
    assert (shown["orders"], f"{shown['revenue']:.2f}") == (FIRST.orders, str(FIRST.revenue))
    tickets = stack.chart_data(metrics=["tickets", "open_tickets"], columns=[], table="tickets")
    assert tickets == [{"tickets": FIRST.tickets, "open_tickets": FIRST.open_tickets}]
