"""Cloud Scheduler through Google's own client; a real receiver, restarts and crashes."""

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.scheduler_v1 import CloudSchedulerClient, HttpMethod, Job
from google.protobuf import duration_pb2, field_mask_pb2

from .servers import Process, Receiver, Start, rest_client, wait_for

PARENT = "projects/p/locations/l"
NEVER = "0 0 29 2 *"  # but on the 29th of February


def job(name: str, uri: str, **changed: Any) -> dict[str, Any]:
    target = {"uri": uri, "body": b'{"name": "x"}', "headers": {"Content-Type": "application/json"}}
    return {"name": f"{PARENT}/jobs/{name}", "schedule": NEVER, "http_target": target, **changed}


@dataclass
class Cloud:
    process: Process
    client: CloudSchedulerClient
    receiver: Receiver

    def create(self, name: str, **changed: Any) -> Job:
        return self.client.create_job(parent=PARENT, job=job(name, f"{self.receiver.url}{name}", **changed))

    def get(self, name: str) -> Job:
        return self.client.get_job(name=f"{PARENT}/jobs/{name}")

    def run(self, name: str) -> None:
        self.client.run_job(name=f"{PARENT}/jobs/{name}")

    def logged(self, event: str, name: str) -> bool:
        lines = self.process.output.splitlines()
        return any(f'"event": "{event}"' in line and f"/jobs/{name}" in line for line in lines)

    def requests(self, name: str) -> int:
        return sum(request.path == f"/{name}" for request in list(self.receiver.requests))


@pytest.fixture(scope="module")
def by_cron(start_once: Start, tmp_path_factory: pytest.TempPathFactory) -> Process:
    return start_once("stand_ins.scheduler", "--state", tmp_path_factory.mktemp("scheduler"))


@pytest.fixture
def cloud(by_cron: Process, receiver: Receiver) -> Iterator[Cloud]:
    """A stand-in that goes by cron, without jobs; one for all tests of this file."""
    cloud = Cloud(by_cron, rest_client(CloudSchedulerClient, by_cron.url), receiver)
    yield cloud
    for job in cloud.client.list_jobs(parent=PARENT):
        cloud.client.delete_job(name=job.name)


@pytest.fixture
def ticking(start: Start, receiver: Receiver, tmp_path: Path) -> Cloud:
    """A stand-in that runs each job every 0.3 s."""
    process = start("stand_ins.scheduler", "--state", tmp_path / "scheduler", "--every", "0.3")
    return Cloud(process, rest_client(CloudSchedulerClient, process.url), receiver)


def claims(token: str) -> dict[str, Any]:
    payload = token.removeprefix("Bearer ").split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return claims


def test_a_run_sends_method_headers_body_and_an_oidc_token(cloud: Cloud) -> None:
    target = {
        "uri": f"{cloud.receiver.url}sync",
        "http_method": HttpMethod.PUT,
        "body": b'{"name": "x"}',
        "headers": {"Content-Type": "application/json", "X-Mine": "yes"},
        "oidc_token": {"service_account_email": "scheduler@p"},
    }
    cloud.create("sync", http_target=target)
    cloud.run("sync")
    wait_for(lambda: cloud.receiver.requests, what="the request arrives")
    request = cloud.receiver.requests[0]
    assert (request.method, request.path, request.body) == ("PUT", "/sync", b'{"name": "x"}')
    assert (request.headers["content-type"], request.headers["x-mine"]) == ("application/json", "yes")
    assert request.headers["user-agent"] == "Google-Cloud-Scheduler"
    assert (request.headers["x-cloudscheduler"], request.headers["x-cloudscheduler-jobname"]) == ("true", "sync")
    token = claims(request.headers["authorization"])
    assert (token["aud"], token["email"]) == (f"{cloud.receiver.url}sync", "scheduler@p")
    assert request.headers["authorization"].endswith(".")  # no signature


def test_a_run_shows_its_time_and_what_came_of_it(cloud: Cloud) -> None:
    cloud.create("sync")
    cloud.run("sync")
    wait_for(lambda: cloud.get("sync").last_attempt_time, what="the attempt is recorded")
    assert cloud.get("sync").status.code == 0
    cloud.receiver.answer = lambda _: 503
    cloud.run("sync")
    wait_for(lambda: cloud.get("sync").status.code == 14, what="UNAVAILABLE is recorded")
    assert cloud.requests("sync") == 2  # no retry unless the job asks for it


def test_an_unreachable_target_is_a_failed_attempt(cloud: Cloud) -> None:
    cloud.create("sync", http_target={"uri": "http://127.0.0.1:1/"})
    cloud.run("sync")
    wait_for(lambda: cloud.get("sync").status.code == 14, what="UNAVAILABLE is recorded")


def test_a_failed_run_is_retried_until_it_succeeds_or_its_retries_are_used_up(cloud: Cloud) -> None:
    soon = duration_pb2.Duration(nanos=10_000_000)
    policy = {"retry_count": 3, "min_backoff_duration": soon, "max_backoff_duration": soon}
    answers = iter([503, 500, 200])
    cloud.receiver.answer = lambda _: next(answers)
    cloud.create("mends", retry_config=policy)
    cloud.run("mends")
    wait_for(lambda: cloud.requests("mends") == 3 and cloud.get("mends").status.code == 0, what="third time lucky")
    cloud.receiver.answer = lambda _: 503
    cloud.create("broken", retry_config=policy)
    cloud.run("broken")
    wait_for(lambda: cloud.logged("failed", "broken"), what="the run has failed for good")
    assert cloud.requests("broken") == 4


def test_a_created_job_is_enabled_with_defaults_and_its_next_time(cloud: Cloud) -> None:
    created = cloud.create("sync", schedule="30 5 * * *", time_zone="America/New_York")
    assert created == cloud.get("sync")
    assert created.state == Job.State.ENABLED
    assert created.attempt_deadline == timedelta(minutes=3)
    assert created.retry_config.min_backoff_duration == timedelta(seconds=5)
    assert created.http_target.http_method == HttpMethod.POST
    assert datetime.now(UTC) < created.schedule_time < datetime.now(UTC) + timedelta(days=1)
    assert created.schedule_time.minute == 30


def test_an_update_changes_what_its_mask_names(cloud: Cloud) -> None:
    created = cloud.create("sync", description="before")
    new = job("sync", "http://127.0.0.1:1/other", schedule="0 6 * * *", description="after")
    updated = cloud.client.update_job(job=new, update_mask=field_mask_pb2.FieldMask(paths=["schedule"]))
    assert (updated.schedule, updated.description) == ("0 6 * * *", "before")
    assert updated.http_target == created.http_target
    assert updated.schedule_time < created.schedule_time
    assert cloud.client.update_job(job=new).http_target.uri == "http://127.0.0.1:1/other"


def test_jobs_are_listed_and_deleted(cloud: Cloud) -> None:
    for name in ("b", "a", "c"):
        cloud.create(name)
    names = [listed.name.rpartition("/")[2] for listed in cloud.client.list_jobs({"parent": PARENT, "page_size": 2})]
    assert names == ["a", "b", "c"]
    cloud.client.delete_job(name=f"{PARENT}/jobs/b")
    with pytest.raises(exceptions.NotFound):
        cloud.get("b")


def test_what_does_not_exist_is_not_found_and_what_does_cannot_be_made_again(cloud: Cloud) -> None:
    for call in (cloud.client.get_job, cloud.client.run_job, cloud.client.pause_job, cloud.client.delete_job):
        with pytest.raises(exceptions.NotFound, match="nothing does not exist"):
            call(name=f"{PARENT}/jobs/nothing")
    with pytest.raises(exceptions.NotFound):
        cloud.client.update_job(job=job("nothing", cloud.receiver.url))
    cloud.create("sync")
    with pytest.raises(exceptions.Conflict):
        cloud.create("sync")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"schedule": "every day"}, "schedule: five fields of unix-cron are expected, found 'every day'"),
        ({"schedule": "61 * * * *"}, "schedule: .*found '61"),
        ({"time_zone": "Mars/Olympus"}, "timeZone: .*found 'Mars/Olympus'"),
        ({"attempt_deadline": duration_pb2.Duration(seconds=5)}, "attemptDeadline: .*found 0:00:05"),
        ({"retry_config": {"retry_count": 6}}, "retryCount: 0 to 5, found 6"),
        ({"http_target": {"uri": "ftp://x"}}, "uri: .*found 'ftp://x'"),
        ({"name": "projects/other/locations/l/jobs/x"}, "job.name: .*found"),
    ],
)
def test_a_job_that_is_not_valid_is_an_invalid_argument(cloud: Cloud, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(exceptions.BadRequest, match=message):
        cloud.client.create_job(parent=PARENT, job={**job("sync", cloud.receiver.url), **changed})


def test_what_this_stand_in_cannot_do_is_refused_by_name(cloud: Cloud) -> None:
    pubsub = {"name": f"{PARENT}/jobs/x", "schedule": NEVER, "pubsub_target": {"topic_name": "t"}}
    with pytest.raises(exceptions.MethodNotImplemented, match="pubsub_target"):
        cloud.client.create_job(parent=PARENT, job=pubsub)


def test_each_tick_runs_a_job_beginning_with_its_creation(ticking: Cloud) -> None:
    ticking.create("sync")
    wait_for(lambda: ticking.requests("sync") >= 3, what="three ticks")


def test_a_paused_job_does_not_run_until_it_is_resumed(ticking: Cloud) -> None:
    release = threading.Event()  # paused while its first run lasts, for a second one does not begin meanwhile
    ticking.receiver.answer = lambda request: 200 if request.path != "/paused" or release.wait(240) else 500
    ticking.create("paused")
    wait_for(lambda: ticking.requests("paused") == 1, what="the first run has begun")
    ticking.client.pause_job(name=f"{PARENT}/jobs/paused")
    release.set()
    wait_for(lambda: ticking.get("paused").last_attempt_time, what="the first run has ended")
    ticking.create("other")
    wait_for(lambda: ticking.requests("other") >= 4, what="the clock ticks on")
    assert ticking.requests("paused") == 1
    assert ticking.client.resume_job(name=f"{PARENT}/jobs/paused").state == Job.State.ENABLED
    wait_for(lambda: ticking.requests("paused") > 1, what="it runs again")


def test_ticks_during_a_run_are_skipped_and_do_not_stop_other_jobs(ticking: Cloud) -> None:
    release = threading.Event()
    ticking.receiver.answer = lambda request: 200 if request.path != "/slow" or release.wait(240) else 500
    ticking.create("slow")
    ticking.create("other")
    wait_for(lambda: ticking.requests("other") >= 5, what="five ticks")
    assert ticking.requests("slow") == 1
    release.set()
    wait_for(lambda: ticking.requests("slow") >= 2, what="it goes on")


def test_jobs_survive_a_crash_and_run_at_the_start(ticking: Cloud) -> None:
    ticking.create("sync")
    ticking.process.kill()
    before = ticking.requests("sync")
    ticking.process.start()
    wait_for(lambda: ticking.requests("sync") > before, what="it runs after the restart")


def test_a_run_cut_off_by_a_crash_happens_again(ticking: Cloud) -> None:
    release = threading.Event()
    ticking.receiver.answer = lambda _: 200 if release.wait(240) else 500
    ticking.create("sync")
    wait_for(lambda: ticking.requests("sync") == 1, what="the request is held")
    ticking.process.kill()
    ticking.process.start()
    wait_for(lambda: ticking.requests("sync") == 2, what="it comes again")
    release.set()
