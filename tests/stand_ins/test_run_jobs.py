"""Cloud Run jobs through Google's own client; real processes, kills and restarts."""

import os
import re
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import yaml
from google.api_core import exceptions
from google.cloud import run_v2

from .servers import Process, Start, rest_client, wait_for

PARENT = "projects/p/locations/l"
UNTIL_GO = 'echo up; while [ ! -e "$1" ]; do sleep 0.05; done; echo gone; exit 3'
JOBS = {
    "hello": {"command": ["sh", "-c", 'echo "$@ $GREETING $CLOUD_RUN_JOB"', "hello"], "env": {"GREETING": "declared"}},
    "environment": {"command": ["env"]},
    "fails": {"command": ["sh", "-c", "exit 3"]},
    "missing": {"command": ["/no/such/program"]},
    "sleeps": {"command": ["sleep", "600"]},
    "stubborn": {"command": ["sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.1; done"]},
    "until-go": {"command": ["sh", "-c", UNTIL_GO, "until-go"]},
    "family": {"command": ["sh", "-c", "sleep 600 & echo child $!; exit 0"]},
}


@dataclass
class Cloud:
    process: Process
    jobs: run_v2.JobsClient
    executions: run_v2.ExecutionsClient
    logs: Path

    def run(self, job: str, *args: str, env: dict[str, str] | None = None, timeout_s: int | None = None) -> Any:
        container = {"args": list(args), "env": [{"name": k, "value": v} for k, v in (env or {}).items()]}
        overrides: dict[str, Any] = {"container_overrides": [container]}
        if timeout_s:
            overrides["timeout"] = f"{timeout_s}s"
        return self.jobs.run_job(run_v2.RunJobRequest(name=f"{PARENT}/jobs/{job}", overrides=overrides))

    def output(self, execution: run_v2.Execution) -> str:
        return Path(execution.log_uri.removeprefix("file://")).read_text()

    def wait_until_up(self, execution: run_v2.Execution) -> None:
        wait_for(lambda: "up" in self.output(execution), what="the task runs")

    def pid(self, execution: run_v2.Execution) -> int:
        match = re.search(rf'"execution": "{execution.name.rpartition("/")[2]}", "pid": (\d+)', self.process.output)
        assert match, self.process.output
        return int(match[1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run_jobs")


@pytest.fixture(scope="module")
def process(folder: Path, start_once: Start) -> Process:
    (folder / "jobs.yaml").write_text(yaml.safe_dump(JOBS))
    paths = ("--state", folder / "state", "--logs", folder / "logs", "--jobs", folder / "jobs.yaml")
    return start_once("stand_ins.run_jobs", *paths)


@pytest.fixture
def cloud(process: Process, folder: Path) -> Cloud:
    clients = (rest_client(kind, process.url) for kind in (run_v2.JobsClient, run_v2.ExecutionsClient))
    return Cloud(process, *clients, folder / "logs")


def completed(execution: run_v2.Execution) -> run_v2.Condition:
    return next(condition for condition in execution.conditions if condition.type_ == "Completed")


def test_a_run_with_overrides_succeeds_and_its_operation_answers_the_execution(cloud: Cloud) -> None:
    operation = cloud.run("hello", "one", "two words", env={"GREETING": "overridden"})
    execution = operation.result(timeout=120)
    assert execution.name == operation.metadata.name
    assert (execution.succeeded_count, execution.failed_count, execution.running_count) == (1, 0, 0)
    assert completed(execution).state == run_v2.Condition.State.CONDITION_SUCCEEDED
    assert execution.completion_time >= execution.create_time
    assert not execution.reconciling
    assert cloud.output(execution) == "one two words overridden hello\n"
    assert cloud.executions.get_execution(name=execution.name) == execution


def test_the_variables_of_a_task_name_its_execution(cloud: Cloud) -> None:
    execution = cloud.run("environment").result(timeout=120)
    lines = [line for line in cloud.output(execution).splitlines() if line.startswith("CLOUD_RUN_")]
    assert dict(line.split("=", 1) for line in lines) == {
        "CLOUD_RUN_JOB": "environment",
        "CLOUD_RUN_EXECUTION": execution.name.rpartition("/")[2],
        "CLOUD_RUN_TASK_INDEX": "0",
        "CLOUD_RUN_TASK_ATTEMPT": "0",
        "CLOUD_RUN_TASK_COUNT": "1",
    }


@pytest.mark.parametrize(("job", "code"), [("fails", 3), ("missing", 127)])
def test_an_exit_code_other_than_zero_fails_the_execution_and_its_operation(cloud: Cloud, job: str, code: int) -> None:
    operation = cloud.run(job)
    with pytest.raises(exceptions.Aborted, match=f"Exit code {code}"):
        operation.result(timeout=120)
    execution = cloud.executions.get_execution(name=operation.metadata.name)
    assert (execution.succeeded_count, execution.failed_count) == (0, 1)
    assert completed(execution).state == run_v2.Condition.State.CONDITION_FAILED
    assert completed(execution).execution_reason == run_v2.Condition.ExecutionReason.NON_ZERO_EXIT_CODE


def test_a_task_past_its_time_limit_is_ended(cloud: Cloud) -> None:
    operation = cloud.run("sleeps", timeout_s=1)
    with pytest.raises(exceptions.Aborted, match="timeout of 1s was reached"):
        operation.result(timeout=120)


def test_a_task_that_ignores_sigterm_is_killed_after_the_grace_period(cloud: Cloud) -> None:
    operation = cloud.run("stubborn")
    cloud.wait_until_up(operation.metadata)
    name = operation.metadata.name
    cloud.executions.cancel_execution(name=name)
    wait_for(lambda: not cloud.executions.get_execution(name=name).reconciling, what="the execution has ended")
    execution = cloud.executions.get_execution(name=name)
    assert execution.cancelled_count == 1
    assert (execution.completion_time - execution.create_time).total_seconds() >= 10
    assert not psutil.pid_exists(cloud.pid(execution))


def test_a_cancelled_execution_is_counted_as_cancelled_and_its_operation_is_no_error(cloud: Cloud) -> None:
    operation = cloud.run("sleeps")
    cloud.executions.cancel_execution(name=operation.metadata.name)
    execution = operation.result(timeout=120)
    assert (execution.succeeded_count, execution.failed_count, execution.cancelled_count) == (0, 0, 1)
    assert completed(execution).execution_reason == run_v2.Condition.ExecutionReason.CANCELLED
    with pytest.raises(exceptions.BadRequest, match="has ended"):
        cloud.executions.cancel_execution(name=execution.name)


def test_what_a_task_leaves_running_ends_with_it(cloud: Cloud) -> None:
    execution = cloud.run("family").result(timeout=120)
    child = int(cloud.output(execution).split()[1])
    wait_for(
        lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE,
        what="the child is gone",
    )


def test_a_killed_task_fails_with_the_exit_code_of_a_killed_container(cloud: Cloud) -> None:
    operation = cloud.run("sleeps")
    os.killpg(cloud.pid(operation.metadata), signal.SIGKILL)
    with pytest.raises(exceptions.Aborted, match="Exit code 137"):
        operation.result(timeout=120)


def test_a_restarted_stand_in_adopts_a_living_task_and_learns_its_exit_code(cloud: Cloud, tmp_path: Path) -> None:
    operation = cloud.run("until-go", str(tmp_path / "go"))
    cloud.wait_until_up(operation.metadata)
    cloud.process.restart()
    running = cloud.executions.get_execution(name=operation.metadata.name)
    assert (running.running_count, running.reconciling) == (1, True)
    (tmp_path / "go").touch()
    with pytest.raises(exceptions.Aborted, match="Exit code 3"):
        operation.result(timeout=120)
    assert cloud.output(running) == "up\ngone\n"


def test_an_exit_while_the_stand_in_was_dead_is_learned(cloud: Cloud, tmp_path: Path) -> None:
    operation = cloud.run("until-go", str(tmp_path / "go"))
    pid = cloud.pid(operation.metadata)
    cloud.process.kill()
    (tmp_path / "go").touch()
    wait_for(lambda: not psutil.pid_exists(pid), what="the task has ended")
    cloud.process.start()
    execution = cloud.executions.get_execution(name=operation.metadata.name)
    assert execution.failed_count == 1
    assert "Exit code 3" in completed(execution).message


def test_a_task_killed_while_the_stand_in_was_dead_is_not_reported_running(cloud: Cloud) -> None:
    operation = cloud.run("sleeps")
    pid = cloud.pid(operation.metadata)
    cloud.process.kill()
    os.killpg(pid, signal.SIGKILL)
    wait_for(lambda: not psutil.pid_exists(pid), what="the task has ended")
    cloud.process.start()
    execution = cloud.executions.get_execution(name=operation.metadata.name)
    assert (execution.running_count, execution.failed_count) == (0, 1)
    assert "Exit code 137" in completed(execution).message


def test_an_adopted_task_still_obeys_its_time_limit_and_cancel(cloud: Cloud) -> None:
    limited, cancelled = cloud.run("sleeps", timeout_s=3), cloud.run("sleeps")
    cloud.process.restart()
    cloud.executions.cancel_execution(name=cancelled.metadata.name)
    assert cancelled.result(timeout=120).cancelled_count == 1
    with pytest.raises(exceptions.Aborted, match="timeout of 3s"):
        limited.result(timeout=120)


def test_stopping_the_stand_in_ends_its_tasks(cloud: Cloud) -> None:
    operation = cloud.run("sleeps")
    pid = cloud.pid(operation.metadata)
    cloud.process.stop()
    assert not psutil.pid_exists(pid)
    cloud.process.start()
    execution = cloud.executions.get_execution(name=operation.metadata.name)
    assert execution.failed_count == 1
    assert "was stopped" in completed(execution).message


def test_jobs_and_executions_are_listed(cloud: Cloud) -> None:
    first = cloud.run("environment").result(timeout=120)
    second = cloud.run("environment").result(timeout=120)
    request = run_v2.ListExecutionsRequest(parent=f"{PARENT}/jobs/environment", page_size=1)
    listed = list(cloud.executions.list_executions(request))
    assert [execution.name for execution in listed][:2] == [second.name, first.name]
    assert {job.name.rpartition("/")[2] for job in cloud.jobs.list_jobs(parent=PARENT)} == set(JOBS)
    job = cloud.jobs.get_job(name=f"{PARENT}/jobs/environment")
    assert job.execution_count == len(listed)
    assert job.latest_created_execution.name == second.name.rpartition("/")[2]
    assert list(job.template.template.containers[0].command) == JOBS["environment"]["command"]
    assert job.template.template.max_retries == 0


def test_the_log_of_a_job_holds_all_its_executions_under_headers(cloud: Cloud) -> None:
    names = [cloud.run("hello", word).result(timeout=120).name.rpartition("/")[2] for word in ("first", "second")]
    log = cloud.logs / "hello.log"
    end = f"=== {names[1]} ended: exit, exit code 0\n"
    wait_for(lambda: end in log.read_text(), what="the end of the second is logged")
    lines = log.read_text().splitlines()[-6:]
    assert [line.split()[1] for line in lines if line.startswith("===")] == [names[0], names[0], names[1], names[1]]
    assert (lines[1], lines[4]) == ("first declared hello", "second declared hello")


def test_an_unknown_job_execution_or_operation_is_not_found(cloud: Cloud) -> None:
    with pytest.raises(exceptions.NotFound, match="'nothing' does not exist; there are: environment"):
        cloud.run("nothing")
    with pytest.raises(exceptions.NotFound):
        cloud.jobs.get_job(name=f"{PARENT}/jobs/nothing")
    with pytest.raises(exceptions.NotFound):
        cloud.executions.list_executions(parent=f"{PARENT}/jobs/nothing")
    with pytest.raises(exceptions.NotFound):
        cloud.executions.get_execution(name=f"{PARENT}/jobs/hello/executions/nothing")
    answer = httpx.get(f"{cloud.process.url}/v2/{PARENT}/operations/nothing", timeout=60)
    assert (answer.status_code, answer.json()["error"]["status"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("body", ["{", '{"override": {}}', '{"overrides": {"timeout": "soon"}}', "[]"])
def test_a_body_that_is_no_run_request_is_an_invalid_argument(cloud: Cloud, body: str) -> None:
    answer = httpx.post(f"{cloud.process.url}/v2/{PARENT}/jobs/hello:run", content=body, timeout=60)
    assert answer.status_code == 400
    assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"


def test_what_this_stand_in_cannot_do_is_refused_by_name(cloud: Cloud) -> None:
    with pytest.raises(exceptions.MethodNotImplemented, match="taskCount"):
        cloud.jobs.run_job({"name": f"{PARENT}/jobs/hello", "overrides": {"task_count": 2}})
    with pytest.raises(exceptions.MethodNotImplemented, match="DELETE"):
        cloud.jobs.delete_job(name=f"{PARENT}/jobs/hello")
