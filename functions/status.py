"""Errors as status codes and log lines, one trace for each request."""

import functools
import re
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import flask
import requests
import structlog
from google.api_core.exceptions import RetryError, ServerError, TooManyRequests
from google.auth.exceptions import TransportError

from biaac import logs
from biaac.errors import BiaacError, TransientError
from clients import clients

P = ParamSpec("P")
R = TypeVar("R")
SERVICE_IS_DOWN = (RetryError, ServerError, TooManyRequests, TransportError, requests.ConnectionError, requests.Timeout)


def answers_errors(handler: Callable[P, R]) -> Callable[P, R]:
    """Answer 503, 422 or 500 by the error tree. Anything that is not in the tree is a bug and keeps its traceback.

    ``flask.abort`` is how a CloudEvent handler refuses an event without the framework calling it a crash.
    """

    @functools.wraps(handler)
    def answering(*args: P.args, **kwargs: P.kwargs) -> R:
        if not structlog.is_configured():
            logs.configure()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(function=handler.__name__)
        try:
            structlog.contextvars.bind_contextvars(**_trace())
            return handler(*args, **kwargs)
        except BiaacError as error:
            failure = error
        except SERVICE_IS_DOWN as error:
            failure = TransientError(f"a service does not answer: {type(error).__name__}: {error}")
        logs.log_error(failure)
        response = flask.jsonify({"error": failure.message, "hint": failure.hint})
        response.status_code = failure.status
        flask.abort(response)

    return answering


def _trace() -> dict[str, str]:
    """The request's trace, as Cloud Logging links it: from ``traceparent``, or Google's older header."""
    headers = flask.request.headers
    match = re.match(r"00-([0-9a-f]{32})-", headers.get("traceparent", "")) or re.match(
        r"([0-9a-f]{32})", headers.get("X-Cloud-Trace-Context", "")
    )
    if match is None:
        return {}
    return {"logging.googleapis.com/trace": f"projects/{clients().settings.project}/traces/{match[1]}"}
