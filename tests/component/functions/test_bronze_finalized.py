"""The function `bronze_finalized`: many events, one workflow execution for each succeeded sync."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from google.cloud.storage import Bucket
from werkzeug.test import TestResponse

from biaac import objects, releases
from tests.component.functions.airbyte_server import FakeAirbyte
from tests.component.functions.executions_server import FakeExecutions, State
from tests.component.functions.published import candidate, load
from tests.conftest import wait_for

Finalized = Callable[..., TestResponse]
LISTED = "GET /jobs"
START = datetime(2026, 11, 24, 6, 5, 30, 400_000, UTC)
EPOCH = int(START.timestamp() * 1000)


def file(part: int = 0, *, connection: str = "shop", epoch: int = EPOCH) -> str:
    return f"{connection}/lines/2026_11_24_{epoch}_{part}.parquet"


@pytest.mark.parametrize("kind", ["sync", "refresh"])
def test_a_succeeded_job_that_brought_rows_starts_one_execution_with_ids_only(
    finalized: Finalized, airbyte: FakeAirbyte, executions: FakeExecutions, ops: Bucket, kind: str
) -> None:
    airbyte.start("shop", state="succeeded", at=START, kind=kind)
    assert finalized(file(), event="a").status_code == 200
    assert executions.arguments() == [{"reason": "sync", "connection": "shop", "job": 1}]
    assert objects.read(ops, "starts/shop/1").value == {"by": "a", "executions": list(executions.executions)}


def test_a_running_sync_is_watched_by_one_event_and_only_that_one_calls_airbyte(
    finalized: Finalized, airbyte: FakeAirbyte, executions: FakeExecutions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCH_SECONDS", "60")
    finalized(file(epoch=EPOCH - 1), event="a", bucket="someone-elses")  # the application is made
    job = airbyte.start("shop", at=START)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(finalized, file(), event="first")
        wait_for(lambda: airbyte.calls[LISTED], what="the first event watches")
        lists = airbyte.calls[LISTED]
        for part in range(1, 9):
            assert finalized(file(part), event=f"other {part}").status_code == 200
        airbyte.finish(job, "succeeded")
        assert first.result().status_code == 200
    assert airbyte.calls[LISTED] - lists <= 60, "the others ask nothing"
    assert finalized(file(), event="first").status_code == 200, "delivered once more than needed"
    assert len(executions.arguments()) == 1


def test_the_next_event_takes_over_a_watch_that_was_left_and_sees_the_end_at_once(
    finalized: Finalized, airbyte: FakeAirbyte, executions: FakeExecutions, ops: Bucket
) -> None:
    """Eventarc brings the first one back after minutes; a sync writes its last file as it ends."""
    job = airbyte.start("shop", at=START)
    assert finalized(file(), event="first").status_code == 503
    assert objects.read(ops, f"watches/shop/{EPOCH}").value == {"event": "first", "left": True}
    assert finalized(file(1), event="second").status_code == 503
    airbyte.finish(job, "succeeded")
    assert finalized(file(2), event="last").status_code == 200
    assert len(executions.arguments()) == 1
    before = airbyte.calls[LISTED]
    for event in ("first", "second"):  # when they come back another one has watched to the end
        assert finalized(file(), event=event).status_code == 200
    assert airbyte.calls[LISTED] == before


def test_a_watcher_sees_the_sync_end_within_its_request(
    finalized: Finalized, airbyte: FakeAirbyte, executions: FakeExecutions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCH_SECONDS", "30")
    airbyte.ends[airbyte.start("shop", at=START)] = 2
    assert finalized(file(), event="a").status_code == 200
    assert len(executions.arguments()) == 1


def test_of_sixteen_first_events_at_once_one_watches_and_one_execution_starts(
    finalized: Finalized, airbyte: FakeAirbyte, executions: FakeExecutions
) -> None:
    airbyte.start("shop", state="succeeded", at=START)
    finalized(file(epoch=EPOCH - 1), event="a", bucket="someone-elses")  # the application is made, all are served
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: finalized(file(n), event=f"event {n}").status_code, range(16)))
    assert answers == [200] * 16
    assert len(executions.arguments()) == 1
    assert airbyte.calls[LISTED] == 1


@pytest.mark.parametrize("state", ["pending", "queued", "running", "incomplete"])
def test_every_state_that_may_still_change_is_watched(finalized: Finalized, airbyte: FakeAirbyte, state: str) -> None:
    airbyte.start("shop", state=state, at=START)
    assert finalized(file(), event="a").status_code == 503


@pytest.mark.parametrize(
    ("kind", "state"),
    [("sync", "failed"), ("sync", "cancelled"), ("refresh", "failed"), ("clear", "succeeded"), ("reset", "succeeded")],
)
def test_a_job_that_brought_no_rows_to_read_starts_nothing(  # noqa: PLR0917  fixtures are called by name
    finalized: Finalized, airbyte: FakeAirbyte, executions: FakeExecutions, ops: Bucket, kind: str, state: str
) -> None:
    airbyte.start("shop", state=state, at=START, kind=kind)
    assert finalized(file(), event="a").status_code == 200
    assert executions.arguments() == []
    assert list(objects.names(ops, "starts/")) == []


@pytest.mark.parametrize("seconds", [-3600, -1, 0, 90])
def test_the_jobs_start_need_not_equal_the_files_epoch(
    finalized: Finalized, airbyte: FakeAirbyte, seconds: int
) -> None:
    airbyte.start("shop", at=START + timedelta(seconds=seconds))
    assert finalized(file(), event="a").status_code == 503


def test_a_job_that_started_long_after_the_file_is_not_waited_for(
    finalized: Finalized, airbyte: FakeAirbyte, executions: FakeExecutions
) -> None:
    airbyte.start("shop", state="succeeded", at=START)
    airbyte.start("shop", at=START + timedelta(minutes=5))
    assert finalized(file(), event="a").status_code == 200
    assert [argument["job"] for argument in executions.arguments()] == [1]


def test_of_jobs_that_wait_the_newest_alone_starts_a_run_which_holds_the_others(
    finalized: Finalized, airbyte: FakeAirbyte, executions: FakeExecutions
) -> None:
    for _ in range(5):
        airbyte.start("shop", state="succeeded", at=START)
    finalized(file(), event="a")
    assert [argument["job"] for argument in executions.arguments()] == [5]


def test_a_job_that_readers_have_starts_nothing(
    finalized: Finalized, airbyte: FakeAirbyte, executions: FakeExecutions, lake: Bucket
) -> None:
    for _ in range(3):
        airbyte.start("shop", state="succeeded", at=START)
    releases.promote(lake, "prod", candidate(lake, loads=[load("shop", 2), load("web_shop", 9)]))
    finalized(file(), event="a")
    assert [argument["job"] for argument in executions.arguments()] == [3]


def test_a_job_of_a_held_candidate_starts_nothing(
    finalized: Finalized, airbyte: FakeAirbyte, executions: FakeExecutions, lake: Bucket
) -> None:
    airbyte.start("shop", state="succeeded", at=START)
    first = candidate(lake)
    releases.promote(lake, "prod", first)
    releases.roll_back(lake, "prod", first, by="a person", reason="a test")
    candidate(lake, loads=[load("shop", 1)])
    finalized(file(), event="a")
    assert executions.arguments() == []


def test_the_start_another_event_owns_is_left_to_it(
    finalized: Finalized, airbyte: FakeAirbyte, executions: FakeExecutions, ops: Bucket
) -> None:
    airbyte.start("shop", state="succeeded", at=START)
    objects.create(ops, "starts/shop/1", {"by": "the other", "executions": []})
    assert finalized(file(), event="a").status_code == 200
    assert executions.arguments() == []


def test_an_owner_that_died_before_it_recorded_a_start_starts_when_it_comes_back(
    finalized: Finalized, airbyte: FakeAirbyte, executions: FakeExecutions, ops: Bucket
) -> None:
    airbyte.start("shop", state="succeeded", at=START)
    objects.create(ops, f"watches/shop/{EPOCH}", {"event": "a"})
    objects.create(ops, "starts/shop/1", {"by": "a", "executions": []})
    assert finalized(file(), event="a").status_code == 200
    assert len(executions.arguments()) == 1


def test_a_start_whose_answer_was_lost_comes_back_and_is_recorded(
    finalized: Finalized, airbyte: FakeAirbyte, executions: FakeExecutions, ops: Bucket
) -> None:
    airbyte.start("shop", state="succeeded", at=START)
    executions.answers_lost = 1
    assert finalized(file(), event="a").status_code == 503
    assert finalized(file(), event="a").status_code == 200
    assert len(objects.read(ops, "starts/shop/1").value["executions"]) == 1


def test_an_event_starts_nothing_anew_when_an_execution_has_died(
    finalized: Finalized, airbyte: FakeAirbyte, executions: FakeExecutions
) -> None:
    airbyte.start("shop", state="succeeded", at=START)
    finalized(file(), event="a")
    executions.end(next(iter(executions.executions)), State.FAILED)
    finalized(file(), event="a")
    assert len(executions.arguments()) == 1


@pytest.mark.parametrize(
    ("name", "bucket"),
    [
        ("shop/lines/notes.txt", None),
        ("shop/lines/2026_11_24_999999999999999_0.parquet", None),
        (file(connection="elsewhere"), None),
        (file(), "someone-elses"),
        ("é" * 512, None),
    ],
)
def test_an_object_that_no_sync_wrote_is_done_at_once(  # noqa: PLR0917  fixtures are called by name
    finalized: Finalized,
    airbyte: FakeAirbyte,
    ops: Bucket,
    name: str,
    bucket: str | None,
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert finalized(name, event="a", bucket=bucket).status_code == 200
    assert not airbyte.calls
    assert list(objects.names(ops, "")) == []
    assert "foreign object" in capfd.readouterr().err


@pytest.mark.parametrize("data", [[], {"bucket": "b"}, {"bucket": 1, "name": 2}, None])
def test_an_event_without_an_object_is_logged_as_an_error_and_not_delivered_again(
    deliver: Callable[..., TestResponse], data: object, capfd: pytest.CaptureFixture[str]
) -> None:
    assert deliver("a", data).status_code == 200
    logged = json.loads(capfd.readouterr().err.splitlines()[-1])
    assert (logged["severity"], "names no object" in logged["message"]) == ("ERROR", True)


def test_a_request_that_is_no_event_is_refused_for_good(call: Callable[..., TestResponse]) -> None:
    assert call("bronze_finalized", {"bucket": "b", "name": "n"}).status_code == 400


def test_an_airbyte_that_is_down_keeps_the_event(finalized: Finalized, airbyte: FakeAirbyte) -> None:
    airbyte.answers.extend([(503, "down", "text/plain")] * 3)
    assert finalized(file(), event="a").status_code == 503


def test_a_workflow_that_is_not_deployed_is_named(
    finalized: Finalized, airbyte: FakeAirbyte, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKFLOW", "absent")
    airbyte.start("shop", state="succeeded", at=START)
    answer = finalized(file(), event="a")
    assert answer.status_code == 422
    assert "projects/laptop/locations/local/workflows/absent cannot be started" in answer.json["error"]


def test_logs_are_json_lines_with_connection_event_and_trace(
    finalized: Finalized, airbyte: FakeAirbyte, capfd: pytest.CaptureFixture[str], call: Callable[..., TestResponse]
) -> None:
    airbyte.start("shop", state="succeeded", at=START)
    finalized(file(), event="a")
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    started = next(line for line in lines if line["message"] == "workflow started")
    expected = {"severity": "INFO", "connection": "shop", "job": 1, "event_id": "a"}
    assert started | expected == started

    trace = "0af7651916cd43dd8448eb211c80319c"
    call("promote", {}, headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    last = json.loads(capfd.readouterr().err.splitlines()[-1])
    assert last["logging.googleapis.com/trace"] == f"projects/laptop/traces/{trace}"
