"""A company that has taken the demo out and has nothing yet: the stack runs, and everything names the next step."""

import subprocess
from collections.abc import Iterator

import httpx
import pytest

from tests.demo.test_remove import copy_with_the_demo, remove
from tests.stack import Stack, free_port_base


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of a company without a connection, a model, a metric and a dashboard."""
    folder = copy_with_the_demo(tmp_path_factory.mktemp("bare"))
    assert remove(folder, "--yes").returncode == 0
    base = free_port_base()
    stack = Stack(folder, base, base + 10)
    stack.start()
    yield stack
    stack.stop()


def test_the_start_tells_what_comes_next(bare: Stack) -> None:
    printed = bare.output.read_text()
    assert f"http://localhost:{bare.superset_port}/dashboard/list/" in printed
    assert "next        a connection of your own, connections/NAME.yaml" in printed


@pytest.mark.parametrize("command", ["status", "connections validate"])
def test_a_command_tells_what_comes_next(bare: Stack, command: str) -> None:
    assert "a connection of your own" in bare.biaac(*command.split()).stdout


def test_nothing_is_wrong(bare: Stack) -> None:
    assert "✗" not in bare.biaac("doctor").stdout


@pytest.mark.parametrize("command", ["runs", "releases", "audits", "query 'SELECT 1'"])
def test_a_list_of_nothing_is_no_fault(bare: Stack, command: str) -> None:
    bare.biaac(*command.replace("'", "").split(" ", 1))


def test_the_sweep_starts_nothing(bare: Stack) -> None:
    response = httpx.post(bare.settings.sweep_url, json={}, timeout=120)
    assert (response.status_code, response.json()) == (200, {"started": []})


def test_its_files_are_valid(bare: Stack) -> None:
    command = ["bin/check", "connections", "models", "dashboards", "locks"]
    done = subprocess.run(
        command, cwd=bare.root, env=bare.plain_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_a_page_of_superset_answers(bare: Stack) -> None:
    assert httpx.get(f"http://127.0.0.1:{bare.superset_port}/login/", timeout=60).is_success
