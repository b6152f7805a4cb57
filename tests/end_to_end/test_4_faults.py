"""Faults: what a person is told, and that the numbers stay right."""

import socket
import subprocess

import psutil
import pytest

from biaac.runs import Outcome
from biaac.settings import ROOT
from laptop import processes
from tests.conftest import free_port, wait_for
from tests.stack import Stack, free_port_base

TOTALS = (
    "SELECT count(*) AS lines, sum(revenue) AS revenue,"
    " (SELECT count(*) FROM (SELECT DISTINCT basket_id, product_id FROM gold.sales)) AS keys FROM gold.sales"
)


@pytest.mark.parametrize("name", ["cache", "storage", "functions", "workflows", "run", "airbyte", "superset"])
def test_a_service_killed_is_started_again_and_the_numbers_stay(stack: Stack, name: str) -> None:
    before = stack.ask(TOTALS)
    killed = stack.services()[name]
    psutil.Process(killed).kill()

    def back() -> bool:
        now = stack.services()[name]
        return now != killed and processes.holder(_port(stack, name)) is not None

    wait_for(back, seconds=60, what=f"{name} is back")
    wait_for(lambda: _asks(stack) == before, seconds=60, what="the same totals")


def test_a_supervisor_killed_leaves_data_that_the_next_start_goes_on_from(stack: Stack) -> None:
    before = stack.ask(TOTALS)
    assert stack.process is not None
    stack.process.kill()
    stack.process.wait()
    stack.start()
    assert stack.ask(TOTALS) == before
    stack.biaac("sync", "grocery")
    assert stack.ask(TOTALS) == before


def test_a_failed_blocking_audit_moves_nothing_and_says_which_rows(stack: Stack) -> None:
    before = stack.release()
    model = stack.root / "sqlmesh_project/models/gold/stores.sql"
    good = model.read_text()
    assert "audits (" in good
    model.write_text(good.replace("audits (", "audits (\n    forall(criteria := (store_id < 0)),", 1))
    done = stack.biaac("sync", "grocery", check=False)
    assert done.returncode == 1
    run = stack.runs()[0]
    assert run.outcome == Outcome.REJECTED
    assert stack.release() == before
    shown = stack.biaac("runs", "show", run.execution).stdout
    assert "gold.stores" in shown and "forall" in shown
    (audit,) = [audit for audit in run.audits if audit.outcome == "failed"]
    assert audit.rows == 457 and str(audit.rows) in shown
    assert "store_id" in audit.query
    assert stack.chart_data(metrics=["lines"], columns=[]) == [{"lines": 1_469_307}]
    model.write_text(good)
    stack.biaac("sync", "grocery")
    assert stack.runs()[0].outcome in {Outcome.PUBLISHED, Outcome.NOTHING_NEW}


def test_a_port_in_use_is_named_with_its_holder_and_the_way_out(stack: Stack, tmp_path) -> None:  # type: ignore[no-untyped-def]
    from tests.stack import copy_of_checkout

    root = copy_of_checkout(tmp_path)
    base = free_port_base()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", base + 1))
        taken.listen()
        command = [str(ROOT / ".biaac/envs/laptop/bin/python"), "-m", "laptop.supervisor", "--port-base", str(base)]
        command += ["--superset-port", str(free_port())]
        done = subprocess.run(
            command, cwd=root, env=Stack(root, base, 0).plain_environment(), capture_output=True, text=True, check=False
        )
    assert done.returncode == 1
    assert f"port {base + 1} (storage) is in use by" in done.stdout
    assert str(psutil.Process().pid) in done.stdout
    assert "make run PORT_BASE=" in done.stdout


def test_a_second_stack_of_the_same_checkout_is_refused(stack: Stack) -> None:
    command = [str(stack.root / ".biaac/envs/laptop/bin/python"), "-m", "laptop.supervisor"]
    done = subprocess.run(
        command, cwd=stack.root, env=stack.plain_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "a stack already runs" in done.stdout and "make stop" in done.stdout


def test_a_malformed_file_is_named_with_line_value_and_expectation(stack: Stack) -> None:
    path = stack.root / "connections/grocery.yaml"
    good = path.read_text()
    path.write_text(good.replace("mode: incremental", "mode: incremantal", 1))
    done = stack.biaac("connections", "validate", check=False)
    path.write_text(good)
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert "grocery.yaml:" in said and "incremantal" in said and "'incremental' or 'full_refresh'" in said


def test_doctor_is_content_with_a_healthy_stack(stack: Stack) -> None:
    assert stack.biaac("doctor").returncode == 0


def _port(stack: Stack, name: str) -> int:
    from laptop.plan import Laptop

    return Laptop(stack.port_base, stack.superset_port, None).port(name)


def _asks(stack: Stack) -> object:
    import adbc_driver_manager

    try:
        return stack.ask(TOTALS)
    except adbc_driver_manager.Error:
        return None
