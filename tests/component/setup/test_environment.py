"""Set-up from the committed locks: from nothing, interrupted, and again."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.conftest import wait_for


@pytest.fixture
def checkout(repository: Path, tmp_path: Path) -> Path:
    """The files set-up reads, and nothing that it makes."""
    shutil.copytree(repository / "bin", tmp_path / "bin")
    for name in ("pyproject.toml", "uv.lock", "Makefile"):
        shutil.copy(repository / name, tmp_path)
    return tmp_path


def start(checkout: Path) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    return subprocess.Popen(["bin/environment", "functions"], cwd=checkout, env=environment, start_new_session=True)


def test_an_interrupted_setup_is_completed_by_the_next_one(checkout: Path) -> None:
    home = checkout / ".biaac/envs/functions"
    first = start(checkout)
    wait_for(lambda: any(home.glob("lib/python3.11/site-packages/*")), seconds=120, what="packages arrive")
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert not (home / ".ready").exists()
    assert start(checkout).wait() == 0
    assert (home / ".ready").exists()
    done = subprocess.run([home / "bin/python", "-c", "import functions_framework, airbyte_api"], check=False)
    assert done.returncode == 0


def test_a_broken_uv_is_installed_again(checkout: Path) -> None:
    broken = checkout / ".biaac/uv/bin/uv"
    broken.parent.mkdir(parents=True)
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    done = subprocess.run(["bin/uv", "--version"], cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("uv 0.")


def test_make_alone_lists_what_it_can_do(checkout: Path) -> None:
    done = subprocess.run(["make"], cwd=checkout, capture_output=True, text=True, check=True)
    for target in ("run", "test", "lint", "bench", "stop", "clean"):
        assert f"make {target}" in done.stdout
