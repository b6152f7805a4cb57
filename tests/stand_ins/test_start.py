"""A stand-in that cannot start says why, with the value found and what to do."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from .servers import FOLDER


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", *map(str, arguments)]
    return subprocess.run(line, cwd=FOLDER, capture_output=True, text=True, timeout=120, check=False)


def run_on_a_port_in_use(module: str, *arguments: object) -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run(module, "--port", port, *arguments)
    assert ended.returncode == 1
    assert f"port {port} of 127.0.0.1" in ended.stderr
    return ended.stderr


@pytest.mark.parametrize("module", ["stand_ins.eventarc", "stand_ins.scheduler"])
def test_a_port_in_use_is_named_with_what_to_do(module: str, tmp_path: Path) -> None:
    assert "next: end what listens there" in run_on_a_port_in_use(module, "--state", tmp_path)


def test_a_second_run_stand_in_leaves_the_executions_to_the_first(tmp_path: Path) -> None:
    (tmp_path / "jobs.yaml").write_text("{}")
    paths = ("--state", tmp_path / "state", "--logs", tmp_path, "--jobs", tmp_path / "jobs.yaml")
    run_on_a_port_in_use("stand_ins.run_jobs", *paths)
    assert not (tmp_path / "state").exists()


def test_a_fault_in_the_jobs_file_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "jobs.yaml").write_text("hello:\n  command: [echo]\n  timeout_s: soon\n")
    ended = run(
        "stand_ins.run_jobs", "--port", 1, "--state", tmp_path, "--logs", tmp_path, "--jobs", tmp_path / "jobs.yaml"
    )
    assert ended.returncode == 1
    assert f"{tmp_path}/jobs.yaml:3: hello.timeout_s:" in ended.stderr


def test_a_trigger_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    ended = run("stand_ins.eventarc", "--port", 1, "--state", tmp_path, "--trigger", "photos")
    assert ended.returncode == 2
    assert "bucket=NAME,url=URL is expected, found 'photos'" in ended.stderr
