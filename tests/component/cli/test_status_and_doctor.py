"""`biaac status` tells what is true; `biaac doctor` names what is wrong and the command that mends it."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from google.cloud.storage import Bucket

from biaac import releases
from biaac.runs import Outcome
from ingestion import job_records
from tests.component.cli.conftest import Biaac, dead_pid, start_execution
from tests.component.functions.airbyte_server import FakeAirbyte
from tests.component.functions.executions_server import FakeExecutions, State
from tests.component.functions.published import candidate, load, record


def services(tmp_path: Path, **pids: int) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    listed = [{"name": name, "pid": pid, "port": 1, "log": f"{name}.log"} for name, pid in pids.items()]
    (folder / "services.json").write_text(json.dumps({"services": listed, "supervisor": os.getpid()}))


def test_status_shows_services_syncs_and_the_release(
    biaac: Biaac, airbyte: FakeAirbyte, lake: Bucket, tmp_path: Path
) -> None:
    services(tmp_path, storage=os.getpid(), cache=dead_pid())
    airbyte.finish(airbyte.start("shop"), "succeeded", rows=4912)
    release = candidate(lake, loads=[load("shop", 1)])
    releases.promote(lake, "prod", release)
    result = biaac("status")
    assert result.code == 0
    lines = {line.split()[0]: line for line in result.out.splitlines()}
    assert " up " in lines["storage"]
    assert " down " in lines["cache"]
    assert "fresh" in lines["shop"]
    assert "4,912 rows" in lines["shop"]
    assert "never" in lines["web_shop"]
    assert release in lines["release"]


def test_status_says_what_was_lost_on_the_way(biaac: Biaac, airbyte: FakeAirbyte, ops: Bucket) -> None:
    job = airbyte.start("shop", state="succeeded")
    at = datetime.now(UTC)
    job_records.create(
        ops,
        job_records.Job(
            id=job,
            connection="shop",
            connection_id=uuid4(),
            kind=job_records.Kind.SYNC,
            created_at=at,
            updated_at=at,
            nulled={"lines": {"price": 1234}},
            warnings=["lines: 3 messages could not be read"],
        ),
    )
    shown = biaac("status").out
    assert "! lines: 3 messages could not be read" in shown
    assert "! 1,234 values of lines.price did not fit and are NULL" in shown


@pytest.mark.parametrize(
    ("age", "freshness"),
    [(timedelta(hours=25), "fresh"), (timedelta(hours=27), "late"), (timedelta(hours=51), "stale")],
)
def test_freshness_is_the_time_since_the_last_success_against_the_files_tolerance(
    biaac: Biaac, airbyte: FakeAirbyte, age: timedelta, freshness: str
) -> None:
    airbyte.start("shop", state="succeeded", at=datetime.now(UTC) - age)
    airbyte.start("shop", state="failed")
    shown = json.loads(biaac("status --json").out)["connections"]
    assert [each["freshness"] for each in shown] == [freshness, "never"]


def test_clearing_a_connection_makes_nothing_fresh(biaac: Biaac, airbyte: FakeAirbyte) -> None:
    airbyte.start("shop", state="succeeded", at=datetime.now(UTC) - timedelta(days=30))
    airbyte.start("shop", state="succeeded", kind="clear")
    airbyte.start("web_shop", state="succeeded", kind="refresh")
    shown = json.loads(biaac("status --json").out)["connections"]
    assert [each["freshness"] for each in shown] == ["stale", "fresh"]


def test_status_before_anything_names_the_next_commands(biaac: Biaac) -> None:
    result = biaac("status")
    assert result.code == 0
    assert "next: make run" in result.out
    assert "next: biaac sync NAME" in result.out


def test_status_still_shows_dead_services_when_nothing_answers(
    biaac: Biaac, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services(tmp_path, airbyte=dead_pid())
    monkeypatch.setenv("AIRBYTE_URL", "http://127.0.0.1:1/api/public/v1")
    result = biaac("status")
    assert result.code == 1
    assert "down" in result.out
    assert "does not answer" in result.err
    assert "Traceback" not in result.err


def test_missing_settings_are_named_without_a_traceback(biaac: Biaac, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAKE_BUCKET")
    result = biaac("status")
    assert result.code == 1
    assert "LAKE_BUCKET" in result.err
    assert "next:" in result.err


def test_doctor_names_what_is_wrong_and_what_mends_it(
    biaac: Biaac, airbyte: FakeAirbyte, lake: Bucket, ops: Bucket, tmp_path: Path
) -> None:
    services(tmp_path, cache=dead_pid())
    airbyte.start("shop", state="succeeded", at=datetime.now(UTC) - timedelta(days=3))
    airbyte.start("web_shop", state="failed")
    first = candidate(lake)
    releases.promote(lake, "prod", first)
    releases.roll_back(lake, "prod", first, by="ann", reason="prices are wrong")
    record(ops, "x-1", Outcome.REJECTED)
    result = biaac("doctor")
    assert result.code == 1
    said = " ".join(result.out.split())
    for fault in (
        "cache (pid",
        "shop was last synced 3 days",
        "job 2 of web_shop failed next: biaac sync web_shop",
        "ann holds the release: prices are wrong next: biaac releases resume",
        "run x-1 was rejected: it is rejected next: biaac runs show x-1",
        "grpc://127.0.0.1:1",
        "a service does not answer",  # Superset
    ):
        assert fault in said
    assert "✓ no event is dead or refused" in said


@pytest.mark.parametrize("outcome", [None, Outcome.PUBLISHED])  # before it decided; at the dashboards
def test_doctor_finds_a_run_that_failed_at_any_step(
    biaac: Biaac, executions: FakeExecutions, ops: Bucket, outcome: Outcome | None
) -> None:
    name = start_execution()
    executions.end(name, State.FAILED)
    run = name.rpartition("/")[2]
    if outcome:
        record(ops, run, outcome)
    assert f"run {run} failed: no reason given next: biaac runs show {run}" in " ".join(biaac("doctor").out.split())
