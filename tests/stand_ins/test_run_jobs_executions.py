"""Executions of Cloud Run jobs: what is remembered, and the exit code a container leaves."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from stand_ins.run_jobs import executions as module
from stand_ins.run_jobs.executions import Ending, Execution, Executions
from stand_ins.run_jobs.job_file import Job
from stand_ins.run_jobs.task import KILLED, Task, exit_code

from .servers import wait_for

NAME = "projects/p/locations/l/jobs/hello"


@pytest.fixture
def executions(tmp_path: Path) -> Iterator[Executions]:
    executions = Executions(tmp_path / "state", tmp_path / "logs")
    yield executions
    executions.stop()


def run(executions: Executions, *command: str) -> Execution:
    started = executions.start(NAME, Job(command=list(command)), args=[], env={}, timeout_s=60)
    wait_for(lambda: executions.of_job(NAME)[0].completed, what="the execution ends")
    ended = executions.get(started.name)
    assert ended is not None
    return ended


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -15 $$", 143)])
def test_the_exit_code_is_that_of_the_command(executions: Executions, script: str, code: int) -> None:
    ended = run(executions, "sh", "-c", script)
    assert (ended.exit_code, ended.ending) == (code, Ending.EXIT)


def test_a_command_gets_its_arguments_untouched(executions: Executions) -> None:
    awkward = ["two words", "$HOME", "'", '"', "*", ""]
    ended = run(executions, "printf", "<%s>", *awkward)
    assert ended.log.read_text() == "".join(f"<{word}>" for word in awkward)


def test_a_container_that_left_no_exit_code_was_killed(tmp_path: Path) -> None:
    assert exit_code(tmp_path / "nothing") == KILLED


def test_a_task_is_found_by_the_file_it_will_write_and_by_no_other(tmp_path: Path) -> None:
    task = Task.start(["sleep", "600"], os.environ, log=tmp_path / "log", exit_file=tmp_path / "a.exit")
    try:
        wait_for(lambda: Task.find(tmp_path / "a.exit"), what="the child has become its program")
        living = Task.find(tmp_path / "a.exit")
        assert living is not None
        assert living.pid == task.pid
        assert Task.find(tmp_path / "b.exit") is None
    finally:
        task.signal(9)
        wait_for(lambda: task.has_ended(within_s=1), what="the task ends")
    assert Task.find(tmp_path / "a.exit") is None


def test_the_oldest_executions_of_a_job_are_forgotten_at_a_start(
    executions: Executions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [run(executions, "true").name for _ in range(4)]
    monkeypatch.setattr(module, "KEPT", 2)
    again = Executions(tmp_path / "state", tmp_path / "logs")
    assert [execution.name for execution in again.of_job(NAME)] == names[:1:-1]
    assert {file.stem for file in (tmp_path / "state").iterdir()} == {name.rpartition("/")[2] for name in names[2:]}
