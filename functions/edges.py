"""What stands between a request and the middle: clients made once, request fields, errors as status codes, logs."""

import functools
import re
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import flask
import requests
import structlog
from cloudevents.http import CloudEvent
from google.api_core.exceptions import RetryError, ServerError, TooManyRequests
from google.auth.exceptions import TransportError
from google.cloud.storage import Bucket

from biaac import clients as google
from biaac import logs
from biaac.errors import BiaacError, PermanentError, TransientError
from biaac.settings import AirbyteSettings
from settings import CacheSettings, Settings

if TYPE_CHECKING:
    from google.cloud.workflows import executions_v1

    from biaac.airbyte import Airbyte

P = ParamSpec("P")
R = TypeVar("R")
SERVICE_IS_DOWN = (RetryError, ServerError, TooManyRequests, TransportError, requests.ConnectionError, requests.Timeout)


class Clients:
    """Settings and the clients made from them, each at its first use: an entry point needs its own only."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def ops(self) -> Bucket:
        """Markers and run records."""
        return google.storage_client(self.settings).bucket(self.settings.ops_bucket)

    @cached_property
    def lake(self) -> Bucket:
        """Releases and their pointer."""
        return google.storage_client(self.settings).bucket(self.settings.lake_bucket)

    @cached_property
    def executions(self) -> "executions_v1.ExecutionsClient":
        """Workflow executions."""
        return google.executions_client(self.settings)

    @cached_property
    def airbyte(self) -> "Airbyte":
        """Jobs and connections of Airbyte."""
        from biaac.airbyte import Airbyte

        return Airbyte(AirbyteSettings.load())

    @cached_property
    def cache_url(self) -> str:
        """Where the cache service answers."""
        return CacheSettings.load().cache_url


@functools.cache
def clients() -> Clients:
    """The clients of this process."""
    return Clients(Settings.load())


def field(request: flask.Request, name: str) -> str:
    """A text field of a JSON body; ``PermanentError`` says what came instead."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise PermanentError(f'the body is not a JSON object; expected {{"{name}": ...}}')
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise PermanentError(f'"{name}": expected a text, found {value!r}')
    return value


def event_object(event: CloudEvent) -> tuple[str, str]:
    """Bucket and name of the object a finalize event is about; ``PermanentError`` says what came instead."""
    data = event.data
    bucket, name = (data.get("bucket"), data.get("name")) if isinstance(data, dict) else (None, None)
    if not isinstance(bucket, str) or not isinstance(name, str):
        raise PermanentError(f"event {event['id']} names no object: expected bucket and name, found {str(data)[:200]}")
    return bucket, name


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
        logs.tell(failure)
        answer = flask.jsonify({"error": failure.message, "hint": failure.hint})
        answer.status_code = failure.status
        flask.abort(answer)

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
