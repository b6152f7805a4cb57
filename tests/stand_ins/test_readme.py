"""The README's commands start the servers, and its example calls two of them."""

import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .servers import FOLDER, free_port, wait_for

README = (FOLDER / "stand_ins/README.md").read_text()
LANGUAGE = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def blocks(language: str) -> list[str]:
    return [text for kind, text in LANGUAGE.findall(README) if kind == language]


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Every server of the README runs; its ports by those that the README has."""
    for text in blocks("yaml"):
        (tmp_path / text.splitlines()[0].removeprefix("# ")).write_text(text)
    ports = {port: str(free_port()) for port in re.findall(r"--port (\d+)", README)}
    environment = {**os.environ, "PYTHONPATH": str(FOLDER)}
    processes = []
    for line in "".join(blocks("sh")).splitlines():
        words = shlex.split(re.sub(r"\b90\d\d\b", lambda port: ports[port[0]], line))
        assert words[0] == "python"
        log = (tmp_path / f"{words[2]}.log").open("wb")
        command = [sys.executable, *words[1:]]
        processes.append(subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log))
    yield ports
    for process in processes:
        process.terminate()
        process.wait(timeout=60)


def test_the_commands_and_the_example_of_the_readme_work(ports: dict[str, str], tmp_path: Path) -> None:
    assert len(ports) == 5
    for port in ports.values():
        wait_for(lambda: socket.create_connection(("127.0.0.1", int(port)), timeout=1).close() is None, what=port)  # noqa: B023
    (example,) = blocks("python")
    code = re.sub(r"\b90\d\d\b", lambda port: ports[port[0]], example)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    name, succeeded = ended.stdout.splitlines()
    assert name.startswith("projects/p/locations/l/workflows/hello/executions/")
    assert succeeded == "1"
