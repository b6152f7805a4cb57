"""The functions `warm_cache` and `promote`, as the workflow calls them."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from google.cloud.storage import Bucket
from pyarrow import flight
from werkzeug.test import TestResponse

from biaac import releases, runs
from biaac.runs import Outcome
from tests.component.cache.service import Lake, build
from tests.component.functions.published import candidate, record

Call = Callable[..., TestResponse]


class FakeCache(flight.FlightServerBase):
    """A cache service that records what it is to warm, and refuses by ``refusal``."""

    def __init__(self) -> None:
        super().__init__("grpc://127.0.0.1:0")
        self.requests: list[tuple[str, object]] = []
        self.refusal: Exception | None = None

    def do_action(self, context: flight.ServerCallContext, action: flight.Action) -> list[flight.Result]:
        self.requests.append((action.type, json.loads(action.body.to_pybytes())))
        if self.refusal:
            raise self.refusal
        return [flight.Result(json.dumps({"release": "r", "tables": 3, "seconds": 0.1}).encode())]


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> Iterator[FakeCache]:
    with FakeCache() as server:
        monkeypatch.setenv("CACHE_URL", f"grpc://127.0.0.1:{server.port}")
        yield server


def test_a_published_candidate_is_warm_when_it_is_answered(cache: FakeCache, call: Call, ops: Bucket) -> None:
    record(ops, "x-1", Outcome.PUBLISHED, "000001-abc")
    answer = call("warm_cache", {"execution": "x-1"})
    assert answer.status_code == 200
    assert answer.json == {"outcome": "published", "release": "000001-abc", "reason": "it is published"}
    assert cache.requests == [("warm", {"environment": "prod", "release": "000001-abc"})]


@pytest.mark.parametrize("outcome", [Outcome.NOTHING_NEW, Outcome.REJECTED])
def test_other_outcomes_are_answered_without_the_cache(
    cache: FakeCache, call: Call, ops: Bucket, outcome: Outcome
) -> None:
    record(ops, "x-1", outcome, "000001-abc")
    answer = call("warm_cache", {"execution": "x-1"})
    assert answer.json == {"outcome": outcome.value, "release": "000001-abc", "reason": f"it is {outcome.value}"}
    assert cache.requests == []


def test_a_run_without_a_record_has_to_be_called_again(cache: FakeCache, call: Call) -> None:
    answer = call("warm_cache", {"execution": "x-1"})
    assert answer.status_code == 503
    assert "run x-1 has no record yet" in answer.json["error"]


def test_a_cache_that_is_down_has_to_be_called_again(call: Call, ops: Bucket) -> None:
    record(ops, "x-1", Outcome.PUBLISHED, "000001-abc")
    answer = call("warm_cache", {"execution": "x-1"})
    assert answer.status_code == 503
    assert "cache at grpc://127.0.0.1:1 has not warmed 000001-abc" in answer.json["error"]


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (flight.FlightUnavailableError("starting"), 503),
        (flight.FlightServerError("no healthy upstream"), 503),
        (flight.FlightServerError("3D000: release 000001-abc does not exist in prod"), 422),
        (flight.FlightUnauthenticatedError("who are you"), 422),
        (ValueError("no such release"), 422),
    ],
)
def test_a_refusal_of_the_cache_is_transient_or_permanent(
    cache: FakeCache, call: Call, ops: Bucket, refusal: Exception, status: int
) -> None:
    record(ops, "x-1", Outcome.PUBLISHED, "000001-abc")
    cache.refusal = refusal
    assert call("warm_cache", {"execution": "x-1"}).status_code == status


@pytest.fixture
def corrupt(storage_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Lake, str]]:
    """The cache service itself, over a lake whose only candidate has a file that is not what its name says."""
    service, lake = build(storage_server, tmp_path)
    release = lake.candidate({"gold.sales": ["SELECT 1 AS id"]})
    (file,) = lake.files(release, "gold.sales")
    lake.lake.blob(file.path).upload_from_string(b"something else")
    service.start()
    for name, value in {**service.environment, "CACHE_URL": service.url}.items():
        monkeypatch.setenv(name, value)
    yield lake, release
    service.stop()


def test_a_candidate_that_the_cache_service_finds_corrupt_is_refused_for_good(
    call: Call, corrupt: tuple[Lake, str]
) -> None:
    lake, release = corrupt
    record(lake.ops, "x-1", Outcome.PUBLISHED, release)
    answer = call("warm_cache", {"execution": "x-1"})
    assert answer.status_code == 422
    assert "content does not match its digest" in answer.json["error"]
    run = runs.get(lake.ops, "prod", "x-1")
    assert (run.outcome, "content does not match its digest" in run.message) == (Outcome.REJECTED, True)


def test_a_candidate_is_promoted_once_and_the_second_time_found_current(call: Call, lake: Bucket) -> None:
    release = candidate(lake)
    assert call("promote", {"release": release}).json == {"outcome": "promoted", "current": release}
    assert call("promote", {"release": release}).json == {"outcome": "already_current", "current": release}
    assert releases.pointer(lake, "prod") == releases.Pointer(release=release)


def test_a_release_that_does_not_exist_is_refused_for_good(call: Call) -> None:
    answer = call("promote", {"release": "000009-none"})
    assert answer.status_code == 422
    assert answer.json == {"error": "release 000009-none does not exist in prod", "hint": "biaac releases"}
