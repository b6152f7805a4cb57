"""Which status an error becomes."""

import sys
from collections.abc import Callable, Iterator

import flask
import pytest
import requests
from google.api_core.exceptions import Forbidden, InternalServerError, RetryError, ServiceUnavailable, TooManyRequests
from werkzeug.test import TestResponse

from biaac.errors import BiaacError, LostRace, PermanentError, TransientError
from biaac.settings import ROOT

SOURCE = ROOT / "functions"
Get = Callable[[Exception], TestResponse]


@pytest.fixture
def get(monkeypatch: pytest.MonkeyPatch) -> Iterator[Get]:
    """The response of a function that raises this error; its modules are imported flat, as Cloud Functions does."""
    monkeypatch.syspath_prepend(str(SOURCE))
    import status

    def respond(error: Exception) -> TestResponse:
        app = flask.Flask("test")
        app.testing = True  # so that what escapes the handler reaches the test

        @app.get("/")
        @status.answers_errors
        def handler() -> str:
            raise error

        return app.test_client().get("/")

    yield respond
    for path in SOURCE.glob("*.py"):
        sys.modules.pop(path.stem, None)


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
def test_an_error_answers_with_the_status_of_its_class(get: Get, error: Exception, status: int) -> None:
    response = get(error)
    assert response.status_code == status
    assert response.json and response.json["error"]


@pytest.mark.parametrize("bug", [KeyError("x"), Forbidden("no role")])
def test_a_bug_keeps_its_traceback(get: Get, bug: Exception) -> None:
    with pytest.raises(type(bug)):
        get(bug)
