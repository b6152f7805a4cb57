"""Which names a sync writes, and which status an error becomes."""

from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import flask
import pytest
import requests
from google.api_core.exceptions import Forbidden, InternalServerError, RetryError, ServiceUnavailable, TooManyRequests
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from biaac.errors import BiaacError, LostRace, PermanentError, TransientError


@pytest.fixture
def declared(tmp_path: Path) -> Path:
    (tmp_path / "grocery.yaml").touch()
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        "grocery/transactions/2026_11_24_1795474109913_0.parquet",
        "grocery/transactions/2026_11_24_1795474109913_12.parquet",
        "grocery/transactions/2026_11_24_1795474109913_0.parquet-1",
        "grocery/till/day/2026_11_24_1795474109913_0.parquet",
        "grocery/Ação (old)/2026_11_24_1795474109913_0.parquet",
    ],
)
def test_a_bronze_name_tells_connection_and_start_of_its_sync(
    coalescing: ModuleType, declared: Path, name: str
) -> None:
    found = coalescing.sync_of(name, declared)
    assert found == ("grocery", 1795474109913)
    assert found.started_at == datetime(2026, 11, 23, 22, 48, 29, 913000, UTC)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=1024))
def test_no_other_name_does_or_fails(coalescing: ModuleType, declared: Path, name: str) -> None:
    assert coalescing.sync_of(name, declared) is None
    assert coalescing.sync_of(f"../grocery/{name}/2026_11_24_1795474109913_0.parquet", declared) is None


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (TransientError("later"), 503),
        (LostRace("x", expected=1, found=2), 503),
        (PermanentError("never", hint="biaac doctor"), 422),
        (BiaacError("ours, unclassified"), 500),
        (ServiceUnavailable("storage"), 503),
        (InternalServerError("storage"), 503),
        (TooManyRequests("storage"), 503),
        (RetryError("gave up", cause=None), 503),
        (requests.ConnectionError("refused"), 503),
        (requests.Timeout("slow"), 503),
    ],
)
def test_an_error_answers_with_the_status_of_its_class(edges: ModuleType, error: Exception, status: int) -> None:
    app = flask.Flask("test")

    @app.get("/")
    @edges.answers_errors
    def handler() -> str:
        raise error

    answer = app.test_client().get("/")
    assert answer.status_code == status
    assert answer.json is not None
    assert answer.json["error"]


@pytest.mark.parametrize("bug", [KeyError("x"), Forbidden("no role"), ZeroDivisionError()])
def test_a_bug_keeps_its_traceback(edges: ModuleType, bug: Exception) -> None:
    app = flask.Flask("test")
    app.testing = True  # so that what escapes the handler reaches this test

    @app.get("/")
    @edges.answers_errors
    def handler() -> str:
        raise bug

    with pytest.raises(type(bug)):
        app.test_client().get("/")
