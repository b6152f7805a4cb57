"""Every runbook walked through: its fault is caused in a real stack, and its own commands find, mend and confirm."""

import json
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from biaac import releases
from biaac.clients import storage_client
from biaac.settings import ROOT
from stand_ins.eventarc.outbox import undelivered
from tests.conftest import wait_for
from tests.operations import runbook
from tests.operations.conftest import Walk
from tests.stack import CYCLE_S, Stack, changed

RUNBOOKS = ROOT / "docs/runbooks"
ONLY_IN_THE_CLOUD = {"budget"}
LOOK, MEND, OVER = "Look", "Mend", "It is over when"


@contextmanager
def malformed_connection(stack: Stack) -> Iterator[None]:
    """A file that somebody merged without looking: nothing that reads connections can work."""
    path = stack.root / "connections/broken.yaml"
    path.write_text("name: broken\nschedule: {cron: daily}\n")
    try:
        yield
    finally:
        path.unlink()


@contextmanager
def silent(stack: Stack, service: str) -> Iterator[None]:
    """A service that is there and does not answer."""
    first = psutil.Process(stack.services()[service])
    stopped = [first, *first.children(recursive=True)]
    for process in stopped:
        process.suspend()
    try:
        yield
    finally:
        for process in stopped:
            process.resume()


def sweep(stack: Stack) -> httpx.Response:
    return httpx.post(stack.settings.sweep_url, json={}, timeout=CYCLE_S)


def test_every_page_has_the_same_parts_and_every_alert_can_be_walked_through() -> None:
    for page in sorted(RUNBOOKS.glob("*.md")):
        if page.stem == "README":
            continue
        text = page.read_text()
        assert text.startswith(f"# {page.stem}\n"), page
        assert all(part in text for part in ("**What it means.**", "**What people see.**")), page
        sections = runbook.blocks(page)
        assert list(sections) == [LOOK, MEND, OVER], page
        walked = bool(sections[LOOK] and sections[OVER])
        assert walked != (page.stem in ONLY_IN_THE_CLOUD), page


@pytest.mark.longest
def test_release_rejected(ready: Stack, walk: Walk) -> None:
    before = ready.release()
    model = ready.root / "sqlmesh_project/models/gold/customers.sql"
    with changed(model, "audits (", "audits (forall(criteria := (customer_id < 0)), "):
        assert ready.biaac("sync", "shop", check=False).returncode == 1
        assert "customer_id" in walk("runbooks/release-rejected", LOOK)
        assert ready.release() == before, "people see the last good release"
    walk("runbooks/release-rejected", MEND)
    walk("runbooks/release-rejected", OVER)


@pytest.mark.longest
def test_data_stale(ready: Stack, walk: Walk) -> None:
    """The release is held and the tolerance is two seconds: what a forgotten rollback is after two days."""
    now = ready.release()
    assert now is not None
    ready.biaac("releases", "rollback", now.id, "--reason", "prices look wrong")
    connection = ready.root / "connections/shop.yaml"
    with changed(connection, "{warn_after: 26h, fail_after: 50h}", "{warn_after: 1s, fail_after: 2s}"):

        def is_stale() -> bool:
            sweep(ready)
            return newest_look(ready)["freshness"] == "stale"

        wait_for(is_stale, seconds=CYCLE_S, what="the sweep finds it stale")
        walk("runbooks/data-stale", LOOK)
    walk("runbooks/data-stale", MEND)
    walk("runbooks/data-stale", OVER)


@pytest.mark.longest
def test_sync_failed(ready: Stack, walk: Walk) -> None:
    with changed(ready.root / "connections/shop.yaml", "config: {folder:", "config: {directory:"):
        assert ready.biaac("sync", "shop", check=False).returncode == 1
        assert "edit source.config" in walk("runbooks/sync-failed", LOOK)
        assert sweep(ready).is_success
        line = newest_look(ready)
        assert (line["newest_sync"], line["severity"]) == ("failed", "WARNING")
    walk("runbooks/sync-failed", MEND)
    walk("runbooks/sync-failed", OVER)


@pytest.mark.longest
def test_job_failed_and_beside_it_a_silent_sweep_and_an_undelivered_event(ready: Stack, walk: Walk) -> None:
    """A malformed file, and an Airbyte that does not answer; mended while the workflow still tries."""
    bronze = storage_client(ready.settings).bucket("bronze")
    stray = bronze.blob(f"shop/nothing/2026_11_24_{time.time_ns() // 1_000_000}_0.parquet")
    before = failures(ready)
    with ThreadPoolExecutor(1) as background:
        with malformed_connection(ready):
            run = background.submit(ready.biaac, "runs", "retry", seconds=2 * CYCLE_S)
            assert not sweep(ready).is_success
            walk("runbooks/sweep-silent", LOOK)
            with silent(ready, "airbyte"):
                stray.upload_from_string(b"")
                wait_for(lambda: refused(ready), seconds=CYCLE_S, what="the event is refused")
                walk("runbooks/event-undelivered", LOOK)
            wait_for(lambda: failures(ready) >= before + 3, seconds=CYCLE_S, what="the job failed three times")
            walk("runbooks/job-failed", LOOK)
        walk("runbooks/job-failed", MEND)
        walk("runbooks/sweep-silent", OVER)
        assert "transform" in run.result().stdout, "the workflow's next try went through"
    walk("runbooks/job-failed", OVER)
    wait_for(lambda: not refused(ready), seconds=CYCLE_S, what="the event came again")
    walk("runbooks/event-undelivered", OVER)
    stray.delete()


@pytest.mark.longest
def test_cache_error_and_run_failed(ready: Stack, walk: Walk, tmp_path: Path) -> None:
    """A file of the current release is deleted by hand: neither it nor a next one that has it can be served."""
    now = ready.release()
    assert now is not None
    lake = storage_client(ready.settings).bucket("lake")
    (file, *_) = releases.read_manifest(lake, now.tables["gold.customers"]).files
    storage = ready.root / ".biaac/state/storage/lake"
    shutil.move(storage / file.path, tmp_path / "kept")
    try:
        forget_cache(ready)
        walk("runbooks/cache-error", LOOK)
        assert ready.biaac("sync", "shop", check=False).returncode == 1
        walk("runbooks/run-failed", LOOK)
        assert ready.release() == now, "people see what they saw"
    finally:
        shutil.move(tmp_path / "kept", storage / file.path)
    walk("runbooks/cache-error", OVER)
    walk("runbooks/run-failed", MEND)
    walk("runbooks/run-failed", OVER)


def test_superset_error(ready: Stack, walk: Walk, tmp_path: Path) -> None:
    """Its database is another, empty one."""
    state = ready.root / ".biaac/state/superset"
    for file in state.glob("superset.db*"):
        shutil.move(file, tmp_path / file.name)
    address = f"http://127.0.0.1:{ready.superset_port}/login/"
    wait_for(
        lambda: httpx.get(address, timeout=CYCLE_S).status_code == 500,
        seconds=CYCLE_S,
        what="Superset answers an error",
    )
    walk("runbooks/superset-error", LOOK)
    for file in state.glob("superset.db*"):
        file.unlink()
    for file in tmp_path.glob("superset.db*"):
        shutil.move(file, state / file.name)
    walk("runbooks/superset-error", OVER)
    assert ready.chart_data(metrics=["orders"], columns=[])


def test_after_all_of_it_doctor_finds_nothing_wrong(ready: Stack) -> None:
    assert ready.biaac("doctor").returncode == 0


def failures(stack: Stack) -> int:
    """How often the transform has ended as one that cannot work."""
    return (stack.root / ".biaac/logs/transform.log").read_text().count('"status": 422')


def refused(stack: Stack) -> bool:
    """Whether Eventarc's stand-in has an event that was not accepted."""
    return any(event.attempts for event in undelivered(stack.root / ".biaac/state/eventarc"))


def newest_look(stack: Stack) -> dict[str, object]:
    """The newest line in which the sweep says how the shop's connection is."""
    lines = (stack.root / ".biaac/logs/functions.log").read_text().splitlines()
    looks = [json.loads(line) for line in lines if '"connection looked at"' in line]
    shop: list[dict[str, object]] = [look for look in looks if look["connection"] == "shop"]
    return shop[-1]


def forget_cache(stack: Stack) -> None:
    """Kill the cache service and delete what it had decoded; the supervisor starts it again."""
    killed = stack.services()["cache"]
    psutil.Process(killed).kill()
    shutil.rmtree(stack.root / ".biaac/state/cache", ignore_errors=True)
    wait_for(lambda: stack.services()["cache"] != killed, seconds=CYCLE_S, what="the cache is started again")

    def answers() -> bool:
        return stack.biaac("query", "SELECT 1", check=False).returncode == 0

    wait_for(answers, seconds=CYCLE_S, what="the cache answers")
