"""`biaac sync` follows a sync through what each hop leaves behind; `biaac runs retry` follows a refresh."""

import json
import threading
from collections.abc import Callable, Iterator

import pytest
from google.cloud.storage import Bucket
from werkzeug.serving import make_server

from biaac import objects, releases
from biaac.runs import Outcome
from tests.component.cli.conftest import Biaac, start_execution
from tests.component.functions.airbyte_server import FakeAirbyte
from tests.component.functions.conftest import SOURCE, new_process
from tests.component.functions.executions_server import FakeExecutions, State
from tests.component.functions.published import candidate, load, record

__all__ = ["new_process"]  # a fixture of another folder, used here as it is


@pytest.fixture
def functions(new_process: Callable[[], None], biaac: Biaac, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The real functions `sync` and `sweep`, served at SYNC_URL and SWEEP_URL."""
    from laptop.functions import create_app  # loads the functions of this checkout: into the new process

    server = make_server("127.0.0.1", 0, create_app(SOURCE / "main.py", ["sync", "sweep"]), threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    for name in ("sync", "sweep"):
        monkeypatch.setenv(f"{name.upper()}_URL", f"http://127.0.0.1:{server.server_port}/{name}")
    yield
    server.shutdown()
    server.server_close()


def refreshed(ops: Bucket, executions: FakeExecutions, job: int, outcome: Outcome, state: State, **said: str) -> str:
    """What function, workflow and transform leave behind for a succeeded job; the id of the execution."""
    name = start_execution(json.dumps({"reason": "sync", "connection": "shop", "job": job}))
    executions.end(name, state)
    objects.create(ops, f"starts/shop/{job}", {"by": "an event", "executions": [name]})
    run = name.rpartition("/")[2]
    record(ops, run, outcome, said.get("release"))
    return run


def test_a_sync_is_followed_from_airbyte_to_the_dashboards(  # noqa: PLR0917  fixtures are called by name
    biaac: Biaac, functions: None, airbyte: FakeAirbyte, executions: FakeExecutions, ops: Bucket, lake: Bucket
) -> None:
    release = candidate(lake, loads=[load("shop", 1)])
    releases.promote(lake, "prod", release)
    airbyte.ends[1] = 2
    run = refreshed(ops, executions, 1, Outcome.PUBLISHED, State.SUCCEEDED, release=release)
    result = biaac("sync shop")
    assert result.code == 0, result.err
    hops = ["job 1 of shop brought 10 rows", run, "transform:", "warm:", "promote:", "dashboards:", release]
    found = [result.out.find(hop) for hop in hops]
    assert -1 not in found
    assert found == sorted(found)


def test_a_running_job_is_attached_to(
    biaac: Biaac, functions: None, airbyte: FakeAirbyte, executions: FakeExecutions, ops: Bucket
) -> None:
    job = airbyte.start("shop")
    airbyte.ends[job] = 3
    refreshed(ops, executions, job, Outcome.NOTHING_NEW, State.SUCCEEDED)
    result = biaac("sync shop")
    assert result.code == 0, result.err
    assert len(airbyte.jobs) == 1
    assert f"job {job} of shop runs already" in result.out
    assert "nothing new: it is nothing_new" in result.out


def test_a_sync_that_fails_exits_1(biaac: Biaac, functions: None, airbyte: FakeAirbyte) -> None:
    job = airbyte.start("shop")
    airbyte.ends[job] = 3
    airbyte.finish_as = "failed"
    result = biaac("sync shop")
    assert result.code == 1
    assert f"job {job} of shop failed" in result.err


def test_rejected_data_exits_1_and_names_the_next_command(
    biaac: Biaac, functions: None, airbyte: FakeAirbyte, executions: FakeExecutions, ops: Bucket
) -> None:
    airbyte.ends[1] = 2
    run = refreshed(ops, executions, 1, Outcome.REJECTED, State.FAILED)
    result = biaac("sync shop")
    assert result.code == 1
    assert "rejected: it is rejected; dashboards keep showing the last good release" in result.err
    assert f"next: biaac runs show {run}" in result.err


def test_a_sync_without_rows_writes_no_file_and_is_refreshed_by_the_sweep(
    biaac: Biaac, functions: None, airbyte: FakeAirbyte, executions: FakeExecutions, ops: Bucket
) -> None:
    airbyte.ends, airbyte.finish_rows = {1: 2}, 0
    executions.created_as = State.SUCCEEDED
    result = biaac("sync shop")
    assert result.code == 0, result.err
    assert "job 1 of shop brought 0 rows" in result.out
    assert executions.arguments() == [{"reason": "sweep", "connection": "shop", "job": 1}]
    assert objects.read(ops, "starts/shop/1").value["executions"] == list(executions.executions)


def test_a_refresh_that_fails_after_a_sync_without_rows_exits_1(
    biaac: Biaac, functions: None, airbyte: FakeAirbyte, executions: FakeExecutions
) -> None:
    """A changed model that cannot be built is told even where the source had nothing to give."""
    airbyte.ends, airbyte.finish_rows = {1: 2}, 0
    executions.created_as = State.FAILED
    result = biaac("sync shop")
    assert result.code == 1
    run = next(iter(executions.executions)).rpartition("/")[2]
    assert f"next: biaac runs show {run}" in result.err


def test_a_connection_that_does_not_exist_is_named_before_anything_is_asked(biaac: Biaac, airbyte: FakeAirbyte) -> None:
    result = biaac("sync nowhere")
    assert result.code == 1
    assert "there are: shop, web_shop" in result.err
    assert not airbyte.calls


def test_a_retry_starts_a_refresh_and_follows_it(biaac: Biaac, executions: FakeExecutions, ops: Bucket) -> None:
    record(ops, "x-1", Outcome.REJECTED)
    executions.created_as = State.SUCCEEDED
    result = biaac("runs retry x-1")
    assert result.code == 0, result.err
    assert executions.arguments() == [{"reason": "retry"}]
