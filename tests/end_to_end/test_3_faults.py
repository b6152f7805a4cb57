"""Faults: what a person reads, and that the numbers stay right."""

import socket
import subprocess
from pathlib import Path

import adbc_driver_manager
import psutil
import pytest

from biaac.runs import Outcome
from laptop import processes
from laptop.plan import Laptop
from tests.conftest import free_port, wait_for
from tests.stack import CYCLE_S, Stack, changed, copy_of_checkout, free_port_base

TOTALS = "SELECT count(*), sum(amount), count(DISTINCT order_id) FROM gold.orders"


@pytest.mark.parametrize("name", ["cache", "storage", "functions", "workflows", "run", "airbyte", "superset"])
def test_a_service_killed_is_started_again_and_the_numbers_stay(stack: Stack, name: str) -> None:
    before = stack.rows(TOTALS)
    killed = stack.services()[name]
    psutil.Process(killed).kill()
    port = Laptop(stack.port_base, stack.superset_port, None).port(name)

    def is_back() -> bool:
        return stack.services()[name] != killed and processes.holder(port) is not None

    def totals() -> object:
        try:
            return stack.rows(TOTALS)
        except adbc_driver_manager.Error:
            return None

    wait_for(is_back, seconds=CYCLE_S, what=f"{name} is back")
    wait_for(lambda: totals() == before, seconds=CYCLE_S, what="the same totals")


def test_a_failed_blocking_audit_moves_nothing_and_shows_the_rows(stack: Stack) -> None:
    before = stack.release()
    assert before is not None
    model = stack.root / "sqlmesh_project/models/gold/customers.sql"
    with changed(model, "audits (", "audits (forall(criteria := (customer_id < 0)), "):
        done = stack.biaac("sync", "shop", check=False)
        assert done.returncode == 1
        run = stack.runs()[0]
        assert run.outcome == Outcome.REJECTED
        assert stack.release() == before
        shown = stack.biaac("runs", "show", run.execution).stdout
        assert "gold.customers" in shown and "forall" in shown
        (audit,) = [audit for audit in run.audits if audit.outcome == "failed" and audit.blocking]
        assert audit.rows == before.tables["gold.customers"].rows and str(audit.rows) in shown
        assert "customer_id" in audit.query
        assert stack.chart_data(metrics=["orders"], columns=[]) == [{"orders": before.tables["gold.orders"].rows}]
    stack.biaac("sync", "shop")
    assert stack.runs()[0].outcome in {Outcome.PUBLISHED, Outcome.NOTHING_NEW}


def test_a_port_in_use_is_named_with_its_holder_and_the_way_out(tmp_path: Path) -> None:
    root = copy_of_checkout(tmp_path)
    base = free_port_base()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", base + 1))
        taken.listen()
        done = supervisor(Stack(root, base, free_port()), "--port-base", str(base))
    assert done.returncode == 1
    assert f"port {base + 1} (storage) is in use by" in done.stdout
    assert str(psutil.Process().pid) in done.stdout
    assert "make run PORT_BASE=" in done.stdout


def test_a_second_stack_of_the_same_checkout_is_refused(stack: Stack) -> None:
    done = supervisor(stack)
    assert done.returncode == 1
    assert "a stack already runs" in done.stdout and "make stop" in done.stdout


def supervisor(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A supervisor that is expected to end by itself."""
    command = [str(stack.root / ".biaac/envs/laptop/bin/python"), "-m", "laptop.supervisor", *arguments]
    command += ["--superset-port", str(stack.superset_port)]
    environment = stack.plain_environment()
    return subprocess.run(command, cwd=stack.root, env=environment, capture_output=True, text=True, check=False)


def test_a_malformed_file_is_named_with_line_value_and_expectation(stack: Stack) -> None:
    with changed(stack.root / "connections/shop.yaml", "mode: incremental", "mode: incremantal"):
        done = stack.biaac("connections", "validate", check=False)
    assert done.returncode == 1
    message = done.stdout + done.stderr
    assert "shop.yaml:" in message and "incremantal" in message and "'incremental' or 'full_refresh'" in message


def test_doctor_finds_nothing_wrong_with_a_healthy_stack(stack: Stack) -> None:
    assert stack.biaac("doctor").returncode == 0
