"""The function `sync` against an Airbyte with its quirks."""

import threading
from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from tests.component.functions.airbyte_server import FakeAirbyte

Call = Callable[..., TestResponse]
POSTED = "POST /jobs"


def test_a_sync_is_started_and_its_job_answered(call: Call, airbyte: FakeAirbyte) -> None:
    answer = call("sync", {"connection": "shop"})
    assert (answer.status_code, answer.json) == (200, {"job": 1, "state": "pending"})
    assert airbyte.jobs[0]["jobType"] == "sync"


def test_a_second_sync_attaches_to_the_running_job(call: Call, airbyte: FakeAirbyte) -> None:
    running = airbyte.start("shop")
    answer = call("sync", {"connection": "shop"})
    assert (answer.status_code, answer.json) == (200, {"job": running, "state": "running"})
    assert len(airbyte.jobs) == 1


def test_a_job_that_clears_is_not_attached_to_and_the_call_has_to_be_repeated(call: Call, airbyte: FakeAirbyte) -> None:
    airbyte.start("shop", kind="clear")
    assert call("sync", {"connection": "shop"}).status_code == 503


def test_another_connections_job_is_not_attached_to(call: Call, airbyte: FakeAirbyte) -> None:
    airbyte.start("web_shop")
    assert call("sync", {"connection": "shop"}).json == {"job": 2, "state": "pending"}


def test_a_connection_on_a_later_page_is_listed_once(call: Call, airbyte: FakeAirbyte) -> None:
    airbyte.connections = {f"other_{n}": str(n) for n in range(130)} | airbyte.connections
    assert call("sync", {"connection": "shop"}).status_code == 200
    assert call("sync", {"connection": "shop"}).status_code == 200
    assert airbyte.calls["GET /connections"] == 2, "two pages, listed once"


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_refused_start_is_never_repeated(call: Call, airbyte: FakeAirbyte, status: int) -> None:
    call("sync", {"connection": "web_shop"})  # ids are known from here on
    airbyte.calls.clear()
    airbyte.answers.append((status, "<html>busy</html>", "text/html"))
    answer = call("sync", {"connection": "shop"})
    assert answer.status_code == 503
    assert str(status) in answer.json["error"]
    assert airbyte.calls[POSTED] == 1


def test_a_start_whose_answer_was_lost_is_attached_to(call: Call, airbyte: FakeAirbyte) -> None:
    call("sync", {"connection": "web_shop"})
    started = airbyte.start("shop")  # what the request below did before its answer was lost
    airbyte.answers.append((502, "bad gateway", "text/plain"))
    assert call("sync", {"connection": "shop"}).json == {"job": started, "state": "running"}


def test_after_a_job_that_has_just_ended_the_call_has_to_be_repeated(call: Call, airbyte: FakeAirbyte) -> None:
    call("sync", {"connection": "web_shop"})
    airbyte.start("shop", state="succeeded")
    airbyte.answers.append((409, '{"title": "try-again-later"}', "application/problem+json"))
    assert call("sync", {"connection": "shop"}).status_code == 503


def test_of_eight_at_once_all_get_the_same_job(call: Call, airbyte: FakeAirbyte) -> None:
    call("sync", {"connection": "web_shop"})
    jobs: list[int] = []
    threads = [
        threading.Thread(target=lambda: jobs.append(call("sync", {"connection": "shop"}).json["job"])) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert jobs == [2] * 8


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"connection": "nowhere"}, "connection 'nowhere' does not exist; there are: shop, web_shop"),
        ({"connection": 7}, '"connection": expected a text, found 7'),
        ({}, '"connection": expected a text, found None'),
        (["shop"], "the body is not a JSON object"),
        (None, "the body is not a JSON object"),
    ],
)
def test_a_bad_request_is_refused_for_good_and_the_reason_is_given(call: Call, body: object, message: str) -> None:
    answer = call("sync", body)
    assert answer.status_code == 422
    assert message in answer.json["error"]


def test_a_connection_airbyte_does_not_have_is_named(call: Call, airbyte: FakeAirbyte) -> None:
    del airbyte.connections["shop"]
    answer = call("sync", {"connection": "shop"})
    assert answer.status_code == 422
    assert "has no connection named 'shop'; there are: web_shop" in answer.json["error"]
