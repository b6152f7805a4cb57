"""The project's workflow: real client over gRPC, the interpreter, the Cloud Run stand-in, functions over HTTP."""

import base64
import json

from google.cloud.workflows import executions_v1

from tests.component.workflows.conftest import LOST, Stack
from tests.conftest import wait_for

State = executions_v1.Execution.State
ARGUMENT = {"reason": "sync", "connection": "shop", "job": 7}


def test_a_published_release_is_promoted_and_the_dashboards_follow(stack: Stack) -> None:
    execution = stack.ended(stack.create(ARGUMENT).name)
    assert execution.state == State.SUCCEEDED
    assert json.loads(execution.result)["release"] == "R1"
    execution_id = execution.name.rpartition("/")[2]
    assert stack.job_calls("transform") == [f"--execution {execution_id} --reason sync"]
    assert stack.job_calls("superset-refresh") == [f"--check R1 --execution {execution_id}", "--release R1"]
    requests = [(path, body) for path, body, _ in stack.functions.requests]
    assert requests == [("/warm_cache", {"execution": execution_id}), ("/promote", {"release": "R1"})]


def test_a_function_gets_a_token_of_the_stand_in(stack: Stack) -> None:
    stack.ended(stack.create(ARGUMENT).name)
    token = stack.functions.requests[0][2].removeprefix("Bearer ")
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["iss"] == "stand_ins.workflows"
    assert claims["aud"] == f"{stack.functions.url}/warm_cache"


def test_nothing_new_ends_before_a_promotion(stack: Stack) -> None:
    stack.functions.script["/warm_cache"] = [(200, {"outcome": "nothing_new", "release": "R0", "reason": ""})]
    execution = stack.ended(stack.create(ARGUMENT).name)
    assert execution.state == State.SUCCEEDED
    assert json.loads(execution.result)["outcome"] == "nothing_new"
    assert [path for path, _, _ in stack.functions.requests] == ["/warm_cache"]
    assert stack.job_calls("superset-refresh") == []


def test_a_rejected_run_fails_with_its_reason_and_its_step(stack: Stack) -> None:
    stack.functions.script["/warm_cache"] = [(200, {"outcome": "rejected", "release": None, "reason": "3 bad rows"})]
    execution = stack.ended(stack.create(ARGUMENT).name)
    assert execution.state == State.FAILED
    assert "3 bad rows" in json.loads(execution.error.payload)
    assert 'in step "only_a_published_release_goes_on", routine "main"' in execution.error.context


def test_a_transform_that_fails_is_started_again(stack: Stack) -> None:
    stack.job("transform", "3", "0")
    execution = stack.ended(stack.create(ARGUMENT).name)
    assert execution.state == State.SUCCEEDED
    assert len(stack.job_calls("transform")) == 2


def test_a_candidate_that_the_dashboards_refuse_is_not_promoted_and_not_tried_again(stack: Stack) -> None:
    stack.job("superset-refresh", "2", "0")
    execution = stack.ended(stack.create(ARGUMENT).name)
    assert execution.state == State.FAILED
    assert len(stack.job_calls("superset-refresh")) == 1
    assert [path for path, _, _ in stack.functions.requests] == ["/warm_cache"]


def test_a_call_is_repeated_after_a_lost_answer_and_after_a_503(stack: Stack) -> None:
    published = (200, {"outcome": "published", "release": "R1", "reason": ""})
    stack.functions.script["/warm_cache"] = [LOST, (503, {"error": "not yet"}), published]
    execution = stack.ended(stack.create(ARGUMENT).name)
    assert execution.state == State.SUCCEEDED
    assert [path for path, _, _ in stack.functions.requests].count("/warm_cache") == 3


def test_a_call_is_not_repeated_after_a_422_and_its_answer_is_shown(stack: Stack) -> None:
    stack.functions.script["/warm_cache"] = [(422, {"error": "no record of this run"})]
    execution = stack.ended(stack.create(ARGUMENT).name)
    assert execution.state == State.FAILED
    error = json.loads(execution.error.payload)
    assert (error["code"], error["body"], error["tags"]) == (422, {"error": "no record of this run"}, ["HttpError"])
    assert len(stack.functions.requests) == 1


def test_an_execution_whose_server_is_killed_is_shown_as_failed_and_the_next_one_runs(stack: Stack) -> None:
    stack.job("transform", "hang", "0")
    name = stack.create(ARGUMENT).name
    wait_for(lambda: stack.job_calls("transform"), what="the transform has started")
    steps = [(s.routine, s.step) for s in stack.client.get_execution(name=name).status.current_steps]
    assert steps == [("main", "transform"), ("run_job", "run")]
    stack.workflows.restart()
    killed = stack.client.get_execution(name=name)
    assert killed.state == State.FAILED
    assert json.loads(killed.error.payload)["tags"] == ["SystemError"]
    assert [(s.routine, s.step) for s in killed.status.current_steps] == steps
    assert stack.ended(stack.create(ARGUMENT).name).state == State.SUCCEEDED
