"""Set-up from the committed locks: from nothing, interrupted, again, and on machines that lack what it needs."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from biaac.connections import Source
from tests.conftest import wait_for

# What a machine has that has nothing to do with Python.
TOOLS = ("sh", "sed", "cut", "tr", "cat", "rm", "mv", "mkdir", "date", "find", "touch", "dirname", "sleep")
OLD = '#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.8.18" || echo False\n'
BARE = '#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.11.2" || { echo True; exit 1; }\n'
# uv, where only what is around it is looked at.
FAKE_UV = """#!/bin/sh
[ "$1" = sync ] || exit 0
mkdir -p "$UV_PROJECT_ENVIRONMENT/bin" && cp /bin/sh "$UV_PROJECT_ENVIRONMENT/bin/python"
"""
CONNECTOR = """[project]
name = "source-web-shop"
version = "1"
requires-python = "==3.11.*"
"""


@pytest.fixture
def checkout(repository: Path, tmp_path: Path) -> Path:
    """The files set-up reads, and nothing that it makes."""
    shutil.copytree(repository / "bin", tmp_path / "bin")
    for name in ("pyproject.toml", "uv.lock", "Makefile"):
        shutil.copy(repository / name, tmp_path)
    return tmp_path


@pytest.fixture
def with_uv(repository: Path, checkout: Path) -> Path:
    """A checkout whose uv is there."""
    (checkout / ".biaac/uv/bin").mkdir(parents=True)
    shutil.copy(repository / ".biaac/uv/bin/uv", checkout / ".biaac/uv/bin")
    return checkout


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder for PATH on which there is no Python."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in TOOLS:
        program = shutil.which(name)
        assert program
        (folder / name).symlink_to(program)
    return folder


def start(checkout: Path, *command: str, **variables: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    return subprocess.Popen(
        command,
        cwd=checkout,
        env=environment | variables,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(checkout: Path, *command: str, **variables: str) -> tuple[int, str]:
    """Exit code and all that was printed."""
    process = start(checkout, *command, **variables)
    output, _ = process.communicate(timeout=240)
    return process.returncode, output


def test_an_interrupted_setup_is_completed_by_the_next_one(with_uv: Path) -> None:
    home = with_uv / ".biaac/envs/functions"
    first = start(with_uv, "bin/environment", "functions")
    wait_for(lambda: any(home.glob("lib/python3.11/site-packages/*")), what="packages arrive")
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    assert not (home / ".ready").exists()
    code, output = run(with_uv, "bin/environment", "functions")
    assert code == 0, output
    done = subprocess.run([home / "bin/python", "-c", "import functions_framework"], check=False)
    assert done.returncode == 0


def test_a_broken_uv_is_installed_again(checkout: Path) -> None:
    broken = checkout / ".biaac/uv/bin/uv"
    broken.parent.mkdir(parents=True)
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    code, output = run(checkout, "bin/uv", "--version")
    assert code == 0, output
    assert output.splitlines()[-1].startswith("uv 0.")
    assert sorted(path.name for path in (checkout / ".biaac").iterdir()) == ["uv"]


def test_each_environment_is_counted_and_one_that_is_ready_left_alone(with_uv: Path) -> None:
    (with_uv / "bin/uv").write_text(FAKE_UV)
    code, output = run(with_uv, "bin/environment", "functions", "ingestion")
    assert code == 0, output
    lines = [line.rstrip() for line in output.splitlines() if not re.search(r"building, \d+ s$", line)]
    assert lines[0] == "environment 1 of 2  functions        building"
    assert re.fullmatch(r"environment 2 of 2  ingestion        ready in \d+ s", lines[-1])
    assert run(with_uv, "bin/environment", "functions", "ingestion") == (0, "")
    os.utime(with_uv / "uv.lock")
    (with_uv / ".biaac/envs/ingestion/.ready").touch()
    code, output = run(with_uv, "bin/environment", "functions", "ingestion")
    assert "environment 1 of 1  functions" in output


def test_a_long_build_shows_that_it_works(with_uv: Path) -> None:
    (with_uv / "bin/uv").write_text(FAKE_UV + "read -r line < go\n")
    os.mkfifo(with_uv / "go")
    process = start(with_uv, "bin/environment", "functions")
    assert process.stdout
    for line in process.stdout:
        if line == "environment 1 of 1  functions        building, 10 s\n":
            (with_uv / "go").write_text("on\n")
    assert process.wait() == 0


@pytest.mark.parametrize(
    ("python", "fault", "next_command"),
    [
        (None, "python3 is not installed", "apt-get install python3 python3-venv"),
        (OLD, "python3 is Python 3.8.18", "apt-get install python3 python3-venv"),
        (BARE, "python3 cannot make virtual environments", "apt-get install python3-venv"),
    ],
)
def test_a_machine_without_a_usable_python_is_told_what_to_install(
    checkout: Path, tools: Path, python: str | None, fault: str, next_command: str
) -> None:
    if python:
        (tools / "python3").write_text(python)
        (tools / "python3").chmod(0o755)
    code, output = run(checkout, "bin/environment", "functions", PATH=str(tools))
    assert code == 1
    message, _, hint = output.partition("\n  next: ")
    assert fault in message
    assert hint.startswith(next_command)


def test_without_a_network_uv_cannot_come_and_the_message_says_so(checkout: Path) -> None:
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:1", "PIP_INDEX_URL": "https://127.0.0.1:1/", "PIP_RETRIES": "0"}
    code, output = run(checkout, "bin/environment", "functions", **nowhere)
    assert code == 1
    assert "could not be installed: see the lines above.\n  next: check the network" in output
    assert not (checkout / ".biaac/envs").exists()


def test_without_python_3_11_uv_fetches_it_and_without_a_network_the_message_says_what_to_install(
    with_uv: Path, tools: Path
) -> None:
    code, output = run(
        with_uv,
        *("bin/environment", "functions"),
        PATH=str(tools),
        UV_PYTHON_INSTALL_DIR=str(with_uv / "pythons"),
        HTTPS_PROXY="http://127.0.0.1:1",
        UV_HTTP_RETRIES="0",
    )
    assert code == 1
    assert output.startswith("Python 3.11: not on this machine, fetching it\n")
    assert "could not be fetched.\n  next: apt-get install python3.11" in output


def test_a_package_that_cannot_be_fetched_is_named_and_what_to_do(with_uv: Path) -> None:
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:1", "UV_CACHE_DIR": str(with_uv / "cache"), "UV_HTTP_RETRIES": "0"}
    code, output = run(with_uv, "bin/environment", "functions", **nowhere)
    assert code == 1
    assert "environment functions could not be built" in output
    assert "  next: mend that (the network" in output


def test_a_connector_of_two_words_is_built_where_its_job_looks_for_it(with_uv: Path) -> None:
    folder = with_uv / "connections/sources/web_shop"
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(CONNECTOR)
    assert run(with_uv, "bin/uv", "lock", "--quiet", "--project", str(folder))[0] == 0
    code, output = run(with_uv, "make", "setup", "RUNTIME=$(SOURCES:%=source-%)")
    assert code == 0, output
    program = Source(connector="sources/web_shop").program
    assert (with_uv / ".biaac/envs" / program / ".ready").exists()


def test_a_connector_whose_folder_has_a_hyphen_is_refused_by_name(with_uv: Path) -> None:
    (with_uv / "connections/sources/web-shop").mkdir(parents=True)
    code, output = run(with_uv, "bin/environment", "source-web-shop")
    assert code == 1
    assert "connections/sources/web_shop/uv.lock does not exist" in output
