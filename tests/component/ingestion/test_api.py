"""Airbyte's public API as its own SDK drives it: real server, real executions, real storage."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from airbyte_api import AirbyteAPI, models
from airbyte_api.errors import SDKError

from biaac import connections, objects
from biaac.clients import job_executions_client
from biaac.settings import ROOT
from ingestion import job_records
from tests.component.ingestion.conftest import Scripted, whole
from tests.conftest import free_port, wait_for
from tests.stand_ins.conftest import start
from tests.stand_ins.servers import Start

__all__ = ["start"]  # a fixture of another folder, used here as it is

OVER = {"succeeded", "failed", "cancelled"}


@dataclass
class Airbyte:
    """The API and what stands behind it."""

    scripted: Scripted
    url: str
    sdk: AirbyteAPI

    @property
    def connection_id(self) -> str:
        return str(connections.get(self.scripted.settings.connections, "scripted").id)

    def start(self, kind: str = "sync") -> models.JobResponse:
        return self.sdk.jobs.create_job(request={"connection_id": self.connection_id, "job_type": kind}).job_response

    def job(self, job_id: int) -> models.JobResponse:
        return self.sdk.jobs.get_job(request={"job_id": job_id}).job_response

    def wait(self, job_id: int) -> models.JobResponse:
        wait_for(lambda: self.job(job_id).status.value in OVER, what=f"job {job_id} is over")
        return self.job(job_id)

    def record(self, job: models.JobResponse) -> job_records.Job:
        record = job_records.find(self.scripted.ops, job.job_id)
        assert record is not None
        return record

    def list(self, **query: Any) -> list[models.JobResponse]:
        return self.sdk.jobs.list_jobs(request=query).jobs_response.data

    def refusal(self, call: Any) -> tuple[int, Any]:
        """Status and body of the error that a call of the SDK raises."""
        with pytest.raises(SDKError) as refused:
            call()
        assert refused.value.raw_response.headers["content-type"] == "application/problem+json"
        return refused.value.status_code, refused.value.raw_response.json()


@pytest.fixture
def airbyte(scripted: Scripted, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Airbyte]:
    """gunicorn with the API, and the stand-in for Cloud Run with the connection's job."""
    scripted.declare(whole("orders", 0, 3), whole("orders", 3, 5))
    command = [sys.executable, "-m", "ingestion.sync", "--connection", "scripted"]
    jobs = tmp_path / "jobs.yaml"
    jobs.write_text(yaml.safe_dump({"ingest-scripted": {"command": command, "timeout_s": 60}}))
    port, run = free_port(), free_port()
    monkeypatch.setenv("RUN_EMULATOR_HOST", f"http://127.0.0.1:{run}")
    start("stand_ins.run_jobs", "--state", tmp_path / "run", "--logs", tmp_path / "logs", "--jobs", jobs, port=run)
    gunicorn = f"-m gunicorn --bind 127.0.0.1:{port} --threads 4 ingestion.api:app"
    api = subprocess.Popen([sys.executable, *gunicorn.split()], cwd=ROOT)
    url = f"http://127.0.0.1:{port}/api/public/v1"
    wait_for(lambda: httpx.get(f"{url}/health", timeout=1).is_success, what="the API answers")
    yield Airbyte(scripted, url, AirbyteAPI(server_url=url, security=models.Security(bearer_auth="x")))
    api.send_signal(signal.SIGQUIT)  # it does not wait for connections kept alive
    api.wait(120)


def test_a_sync_runs_to_its_end_and_its_start_names_its_bronze_files(airbyte: Airbyte) -> None:
    begun = airbyte.start()
    assert begun.status.value in ("pending", "running")
    done = airbyte.wait(begun.job_id)
    assert (done.status.value, done.rows_synced) == ("succeeded", 3)
    assert (done.bytes_synced or 0) > 300
    assert str(done.duration).startswith("PT")
    record = airbyte.record(done)
    assert done.start_time == begun.start_time == job_records.text(record.created_at)
    (file,) = airbyte.scripted.files("orders")
    assert f"_{record.epoch_ms}_" in file.name
    assert airbyte.wait(airbyte.start().job_id).rows_synced == 2
    (connection,) = airbyte.sdk.connections.list_connections(request={}).connections_response.data
    assert (connection.name, connection.connection_id) == ("scripted", airbyte.connection_id)
    assert connection.configurations.streams[0].name == "orders"


def test_a_second_start_is_refused_with_409_and_the_running_job_can_be_attached_to(airbyte: Airbyte) -> None:
    gate = airbyte.scripted.folder / "gate"
    airbyte.scripted.declare([{"rows": ["orders", 0, 1]}, {"until": str(gate)}])
    first = airbyte.start()
    status, problem = airbyte.refusal(airbyte.start)
    assert (status, problem["status"]) == (409, 409)
    wait_for(lambda: airbyte.list(status="running"), what="the job runs")
    assert [job.job_id for job in airbyte.list(status="running", connection_id=airbyte.connection_id)] == [first.job_id]
    wait_for(lambda: airbyte.job(first.job_id).rows_synced, what="the first row shows while the job runs")
    gate.touch()
    assert airbyte.wait(first.job_id).status.value == "succeeded"


def test_a_cancelled_job_stops_and_frees_the_connection(airbyte: Airbyte) -> None:
    airbyte.scripted.declare([*whole("orders", 0, 2)[:-1], {"hang": True}], whole("orders", 2, 3))
    job = airbyte.start()
    wait_for(lambda: airbyte.scripted.committed("orders"), what="a state is committed")
    cancelled = airbyte.sdk.jobs.cancel_job(request={"job_id": job.job_id}).job_response
    assert cancelled.status.value == "cancelled"
    record = airbyte.record(job)
    client = job_executions_client(airbyte.scripted.settings)
    wait_for(lambda: client.get_execution(name=record.execution).completion_time, what="the execution has ended")
    assert airbyte.refusal(lambda: airbyte.sdk.jobs.cancel_job(request={"job_id": job.job_id}))[0] == 409
    assert airbyte.wait(airbyte.start().job_id).rows_synced == 1
    assert airbyte.scripted.ids("orders") == [0, 1, 2]


def test_a_connection_is_held_while_its_cancelled_job_still_runs(airbyte: Airbyte) -> None:
    gate = airbyte.scripted.folder / "gate"
    airbyte.scripted.declare([{"until": str(gate)}])
    job = airbyte.start()
    job_records.conclude(airbyte.scripted.ops, job.job_id, job_records.Status.CANCELLED)
    assert airbyte.refusal(airbyte.start)[0] == 409
    gate.touch()


def test_an_execution_killed_without_a_verdict_makes_a_failed_job_and_the_next_sync_goes_on(airbyte: Airbyte) -> None:
    gate = airbyte.scripted.folder / "gate"
    airbyte.scripted.declare([*whole("orders", 0, 2)[:-1], {"until": str(gate)}], whole("orders", 2, 3))
    job = airbyte.start()
    wait_for(lambda: airbyte.scripted.committed("orders"), what="a state is committed")
    pid = subprocess.check_output(
        ["pgrep", "-f", f"ingestion.sync --connection scripted --job {job.job_id}$"], text=True
    )
    mine = [p for p in pid.split() if str(airbyte.scripted.folder) in Path(f"/proc/{p}/environ").read_text()]
    subprocess.run(["kill", "-9", *mine], check=True)
    failed = airbyte.wait(job.job_id)
    assert failed.status.value == "failed"
    record = airbyte.record(job)
    assert "ended without concluding the job" in str(record.message)
    assert airbyte.wait(airbyte.start().job_id).status.value == "succeeded"
    assert airbyte.scripted.ids("orders") == [0, 1, 2]


def test_a_claim_whose_request_died_before_starting_anything_is_taken_up_by_the_next_one(airbyte: Airbyte) -> None:
    job = job_records.next_id(airbyte.scripted.ops)
    claim = {"job": job, "kind": "sync", "created_at": job_records.text(job_records.now())}
    objects.create(airbyte.scripted.ops, "airbyte/claims/scripted", claim)
    assert airbyte.refusal(airbyte.start)[0] == 409
    assert airbyte.wait(job).status.value == "succeeded"


def test_jobs_are_listed_by_order_page_and_filter(airbyte: Airbyte) -> None:
    made = [airbyte.scripted.new_job().id for _ in range(5)]
    for job_id in made:
        job_records.conclude(airbyte.scripted.ops, job_id, job_records.Status.SUCCEEDED)
    newest = list(reversed(made))
    assert [job.job_id for job in airbyte.list(order_by="createdAt|DESC")] == newest
    assert [job.job_id for job in airbyte.list(limit=2, offset=2)] == newest[2:4]
    assert airbyte.list(status="failed") == airbyte.list(connection_id="nobody") == []


@pytest.mark.parametrize("kind", ["clear", "reset"])
def test_clear_runs_as_a_job_and_empties_the_stream(airbyte: Airbyte, kind: str) -> None:
    airbyte.wait(airbyte.start().job_id)
    cleared = airbyte.wait(airbyte.start(kind).job_id)
    assert (cleared.status.value, cleared.job_type.value) == ("succeeded", kind)
    assert airbyte.scripted.files("orders") == []


def test_what_cannot_be_done_is_a_problem_that_names_it(airbyte: Airbyte) -> None:
    assert (
        airbyte.refusal(lambda: airbyte.start("refresh"))[1]["detail"]
        == "Refreshes are not supported in the public API"
    )
    unknown = {"connection_id": "nobody", "job_type": "sync"}
    assert airbyte.refusal(lambda: airbyte.sdk.jobs.create_job(request=unknown))[0] == 404
    assert airbyte.refusal(lambda: airbyte.job(999))[1]["detail"] == "job 999 does not exist"
    assert airbyte.refusal(lambda: airbyte.list(limit=0))[0] == 400
    assert airbyte.refusal(lambda: airbyte.list(order_by="updatedAt|DESC"))[0] == 400
    assert "jobType: expected no such parameter" in airbyte.refusal(lambda: airbyte.list(job_type="sync"))[1]["detail"]
    for body in (b"{", b"[]", b"{}"):
        answer = httpx.post(
            f"{airbyte.url}/jobs", content=body, headers={"content-type": "application/json"}, timeout=300
        )
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert httpx.get(f"{airbyte.url}/nothing", timeout=300).headers["content-type"] == "application/problem+json"


def test_a_connection_without_a_cloud_run_job_makes_a_failed_job_and_stays_free(airbyte: Airbyte) -> None:
    text = (airbyte.scripted.folder / "connections/scripted.yaml").read_text()
    (airbyte.scripted.folder / "connections/stranger.yaml").write_text(text.replace("name: scripted", "name: stranger"))
    stranger = str(connections.get(airbyte.scripted.settings.connections, "stranger").id)
    request = {"connection_id": stranger, "job_type": "sync"}
    for _ in range(2):
        status, problem = airbyte.refusal(lambda: airbyte.sdk.jobs.create_job(request=request))
        assert status == 422
        assert "ingest-stranger" in problem["detail"]
    assert {job.status.value for job in airbyte.list(connection_id=stranger)} == {"failed"}
