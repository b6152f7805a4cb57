"""The function `sweep`: what events missed, and what died undecided, is started."""

from collections.abc import Callable

import pytest
from google.cloud.storage import Bucket
from werkzeug.test import TestResponse

from biaac import objects, releases
from biaac.runs import Outcome
from tests.component.functions.airbyte_server import FakeAirbyte
from tests.component.functions.executions_server import FakeExecutions, State
from tests.component.functions.published import candidate, load, record

Sweep = Callable[[], list[str]]


@pytest.fixture
def sweep(call: Callable[..., TestResponse]) -> Sweep:
    def run() -> list[str]:
        answer = call("sweep", {})
        assert answer.status_code == 200, answer.json
        started: list[str] = answer.json["started"]
        return started

    return run


def test_a_sync_whose_events_were_all_lost_is_found(
    sweep: Sweep, airbyte: FakeAirbyte, executions: FakeExecutions
) -> None:
    for connection in ("shop", "web_shop"):
        airbyte.start(connection, state="succeeded")
    assert sweep() == list(executions.executions)
    assert executions.arguments() == [
        {"reason": "sweep", "connection": "shop", "job": 1},
        {"reason": "sweep", "connection": "web_shop", "job": 2},
    ]
    assert sweep() == [], "what runs is left alone"


def test_a_running_sync_is_left_to_its_event(sweep: Sweep, airbyte: FakeAirbyte, ops: Bucket) -> None:
    airbyte.start("shop")
    assert sweep() == []
    assert list(objects.names(ops, "")) == []


def test_a_start_whose_owner_never_came_back_is_made(sweep: Sweep, airbyte: FakeAirbyte, ops: Bucket) -> None:
    airbyte.start("shop", state="succeeded")
    objects.create(ops, "starts/shop/1", {"by": "an event that Eventarc gave up", "executions": []})
    assert len(sweep()) == 1


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED, State.UNAVAILABLE])
def test_an_execution_that_died_undecided_is_started_again(
    sweep: Sweep, airbyte: FakeAirbyte, executions: FakeExecutions, ops: Bucket, state: State
) -> None:
    airbyte.start("shop", state="succeeded")
    [first] = sweep()
    executions.end(first, state)
    [second] = sweep()
    assert objects.read(ops, "starts/shop/1").value["executions"] == [first, second]


def test_an_execution_nobody_remembers_is_started_again(
    sweep: Sweep, airbyte: FakeAirbyte, executions: FakeExecutions
) -> None:
    airbyte.start("shop", state="succeeded")
    sweep()
    executions.executions.clear()
    assert len(sweep()) == 1


@pytest.mark.parametrize("state", [State.ACTIVE, State.QUEUED, State.SUCCEEDED])
def test_an_execution_that_runs_or_succeeded_is_left_alone(
    sweep: Sweep, airbyte: FakeAirbyte, executions: FakeExecutions, state: State
) -> None:
    airbyte.start("shop", state="succeeded")
    [first] = sweep()
    executions.end(first, state)
    assert sweep() == []


@pytest.mark.parametrize("outcome", [Outcome.REJECTED, Outcome.FAILED])
def test_a_run_that_ended_for_good_waits_and_is_not_tried_again(
    sweep: Sweep, airbyte: FakeAirbyte, executions: FakeExecutions, ops: Bucket, outcome: Outcome
) -> None:
    airbyte.start("shop", state="succeeded")
    [first] = sweep()
    executions.end(first, State.FAILED)
    record(ops, first.rpartition("/")[2], outcome)
    assert sweep() == []
    airbyte.start("shop", state="succeeded")
    assert len(sweep()) == 1, "new data is tried"


def test_a_candidate_whose_execution_died_before_the_promotion_is_run_again(
    sweep: Sweep, airbyte: FakeAirbyte, executions: FakeExecutions, ops: Bucket, lake: Bucket
) -> None:
    airbyte.start("shop", state="succeeded")
    releases.promote(lake, "prod", candidate(lake))
    [first] = sweep()
    built = candidate(lake, loads=[load("shop", 1)])
    record(ops, first.rpartition("/")[2], Outcome.PUBLISHED, built)
    assert sweep() == [], "it may still be promoted"
    executions.end(first, State.FAILED)
    assert len(sweep()) == 1


def test_what_readers_have_is_in_whatever_became_of_its_execution(
    sweep: Sweep, airbyte: FakeAirbyte, executions: FakeExecutions, lake: Bucket
) -> None:
    airbyte.start("shop", state="succeeded")
    [first] = sweep()
    executions.end(first, State.FAILED)
    releases.promote(lake, "prod", candidate(lake, loads=[load("shop", 1)]))
    assert sweep() == []


def test_a_workflow_that_keeps_failing_is_not_started_again_and_the_log_has_the_next_command(
    sweep: Sweep, airbyte: FakeAirbyte, executions: FakeExecutions, capfd: pytest.CaptureFixture[str]
) -> None:
    airbyte.start("shop", state="succeeded")
    for _ in range(8):
        for execution in sweep():
            executions.end(execution, State.FAILED)
    assert len(executions.arguments()) == 5
    assert "biaac runs show" in capfd.readouterr().err


def test_a_connection_that_fails_does_not_keep_the_others_waiting(
    call: Callable[..., TestResponse], airbyte: FakeAirbyte, executions: FakeExecutions
) -> None:
    airbyte.start("web_shop", state="succeeded")
    del airbyte.connections["shop"]
    answer = call("sweep", {})
    assert answer.status_code == 503
    assert "no connection named 'shop'" in answer.json["error"]
    assert [argument["connection"] for argument in executions.arguments()] == ["web_shop"]
