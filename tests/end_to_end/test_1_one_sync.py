"""One sync followed through the stack: what every hop left behind, and the numbers at its end."""

from decimal import Decimal

import pyarrow.parquet as pq
from google.cloud.workflows import executions_v1

from biaac import objects, runs
from biaac.clients import executions_client, job_executions_client, scheduler_client, storage_client
from tests.stack import Stack


def test_a_tick_of_the_schedule_becomes_the_first_release(stack: Stack) -> None:
    release = stack.sync_by_schedule()
    assert release.sequence == 1
    assert release.parent is None
    assert [(load.connection, load.job) for load in release.loads] == [("grocery", 1)]
    assert release.tables["gold.sales"].rows == 1_339_220


def test_the_scheduler_called_the_function_and_was_answered(stack: Stack) -> None:
    settings = stack.settings
    job = scheduler_client(settings).get_job(name=f"{settings.parent}/jobs/sync-grocery")
    assert job.http_target.uri == settings.sync_url
    assert job.status.code == 0
    assert job.last_attempt_time is not None


def test_airbyte_tells_of_one_succeeded_job(stack: Stack) -> None:
    import httpx

    jobs = httpx.get(f"{stack.settings.airbyte_url}/jobs").raise_for_status().json()["data"]
    assert [(job["jobId"], job["status"], job["jobType"]) for job in jobs] == [(1, "succeeded", "sync")]
    assert jobs[0]["rowsSynced"] >= 1_339_220 + 92_331 + 801


def test_bronze_holds_parquet_in_airbytes_layout(stack: Stack) -> None:
    import re

    bronze = storage_client(stack.settings).bucket("bronze")
    names = [blob.name for blob in bronze.list_blobs(prefix="grocery/transactions/")]
    assert names
    assert all(re.fullmatch(r"grocery/transactions/\d{4}_\d\d_\d\d_\d{13}_\d+\.parquet", name) for name in names)
    with bronze.blob(names[0]).open("rb") as file:
        schema = pq.ParquetFile(file).schema_arrow
    assert schema.names[:4] == ["_airbyte_raw_id", "_airbyte_extracted_at", "_airbyte_meta", "_airbyte_generation_id"]
    assert str(schema.field("sales_value").type) == "double"


def test_no_event_is_left_undelivered(stack: Stack) -> None:
    assert "undelivered" not in stack.biaac("status").stdout.lower()


def test_one_event_watched_and_one_execution_started(stack: Stack) -> None:
    ops = storage_client(stack.settings).bucket("ops")
    watches = [blob.name for blob in ops.list_blobs(prefix="watches/grocery/")]
    assert len(watches) == 1
    assert objects.read(ops, "starts/grocery/1").value is not None
    settings = stack.settings
    parent = f"{settings.parent}/workflows/{settings.workflow}"
    executions = list(executions_client(settings).list_executions(parent=parent))
    assert [execution.state for execution in executions] == [executions_v1.Execution.State.SUCCEEDED]


def test_the_run_record_tells_what_the_transform_did(stack: Stack) -> None:
    release = stack.release()
    assert release is not None
    ops = storage_client(stack.settings).bucket("ops")
    run = runs.get(ops, "prod", release.execution)
    assert run.outcome == runs.Outcome.PUBLISHED
    assert run.release == release.id
    assert run.reason == "sync"
    assert run.audits and all(audit.rows == 0 for audit in run.audits if audit.blocking)


def test_the_jobs_ran_as_cloud_run_executions(stack: Stack) -> None:
    settings = stack.settings
    client = job_executions_client(settings)
    for job in ("ingest-grocery", "transform", "superset-refresh"):
        executions = list(client.list_executions(parent=f"{settings.parent}/jobs/{job}"))
        assert [execution.succeeded_count for execution in executions] == [1], job


def test_the_transform_lock_is_free_again(stack: Stack) -> None:
    lake = storage_client(stack.settings).bucket("lake")
    assert objects.read(lake, "locks/transform").value["owner"] is None


def test_the_cache_answers_with_the_promoted_release(stack: Stack) -> None:
    rows = stack.ask("SELECT count(*), sum(revenue) FROM gold.sales")
    assert rows == [(1_339_220, Decimal("4172264.03"))]


def test_superset_answers_with_the_same_number(stack: Stack) -> None:
    data = stack.chart_data(metrics=["lines", "revenue"], columns=[])
    assert [(row["lines"], round(row["revenue"], 2)) for row in data] == [(1_339_220, 4172264.03)]
