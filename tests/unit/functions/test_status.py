"""Which status an error becomes."""

from types import ModuleType

import flask
import pytest
import requests
from google.api_core.exceptions import Forbidden, InternalServerError, RetryError, ServiceUnavailable, TooManyRequests

from biaac.errors import BiaacError, LostRace, PermanentError, TransientError


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
def test_an_error_answers_with_the_status_of_its_class(statuses: ModuleType, error: Exception, status: int) -> None:
    app = flask.Flask("test")

    @app.get("/")
    @statuses.answers_errors
    def handler() -> str:
        raise error

    answer = app.test_client().get("/")
    assert answer.status_code == status
    assert answer.json is not None
    assert answer.json["error"]


@pytest.mark.parametrize("bug", [KeyError("x"), Forbidden("no role"), ZeroDivisionError()])
def test_a_bug_keeps_its_traceback(statuses: ModuleType, bug: Exception) -> None:
    app = flask.Flask("test")
    app.testing = True  # so that what escapes the handler reaches this test

    @app.get("/")
    @statuses.answers_errors
    def handler() -> str:
        raise bug

    with pytest.raises(type(bug)):
        app.test_client().get("/")
