"""Entry points of the deployable: each parses its request, calls one function of the middle, and answers.

Status codes are the whole contract with Scheduler, Eventarc and Workflows: 2xx done, 503 call again, 422 not before a
person has changed something, 500 a bug. ``answers_errors`` turns the error tree of ``biaac.errors`` into them.
"""

import flask
import functions_framework
import structlog
from cloudevents.http import CloudEvent

import coalescing
import warming
from biaac import bronze, connections, releases, runs
from biaac.errors import PermanentError
from clients import clients
from status import answers_errors
from syncs import start_or_attach

log = structlog.get_logger()
bind = structlog.contextvars.bind_contextvars


@functions_framework.http
@answers_errors
def sync(request: flask.Request) -> dict[str, int | str]:
    """Start the sync of ``{"connection": name}``, or attach to the one already running (Airbyte answers 409)."""
    connection = connections.get(clients().settings.connections, _field(request, "connection"))
    job = start_or_attach(clients().airbyte, connection.name)
    return {"job": job.id, "state": job.state}


@functions_framework.cloud_event
@answers_errors
def bronze_finalized(event: CloudEvent) -> None:
    """Wake up for one Bronze object: start the refresh of its connection if a sync has succeeded.

    Returns (2xx) when this event is done, 503 while its sync still runs and this event is the one that watches it.
    A foreign object, or an event that names none, is logged and done: otherwise Eventarc would deliver it for a day.
    """
    data = event.data if isinstance(event.data, dict) else {}
    bucket, name = data.get("bucket"), data.get("name")
    if not isinstance(bucket, str) or not isinstance(name, str):
        log.error(f"event {event['id']} names no object: expected bucket and name, found {str(event.data)[:200]}")
        return
    bind(event_id=event["id"], object=f"gs://{bucket}/{name}")
    settings = clients().settings
    file = bronze.parse(name) if bucket == settings.bronze_bucket else None
    if file is None or not connections.is_declared(settings.connections, file.connection):
        log.warning("foreign object; nothing to do", hint=bronze.FOREIGN_HINT)
        return
    bind(connection=file.connection)
    coalescing.wake_up(clients(), event=event["id"], file=file)


@functions_framework.http
@answers_errors
def sweep(_request: flask.Request) -> dict[str, list[str]]:
    """Start what events missed and what died undecided."""
    return {"started": coalescing.sweep(clients())}


@functions_framework.http
@answers_errors
def warm_cache(request: flask.Request) -> dict[str, str | None]:
    """Answer what the transform of ``{"execution": id}`` decided, after a published candidate is warm."""
    execution = _field(request, "execution")
    bind(execution=execution)
    run = warming.decided(clients(), execution)
    if run.outcome is runs.Outcome.PUBLISHED and run.release is not None:
        warming.warm(clients(), execution, run.release)
    return {"outcome": run.outcome.value, "release": run.release, "reason": run.message}


@functions_framework.http
@answers_errors
def promote(request: flask.Request) -> dict[str, str]:
    """Make ``{"release": id}`` the one readers see, unless a newer one already is or a person holds the pointer."""
    promotion = releases.promote(clients().lake, clients().settings.environment, _field(request, "release"))
    log.info("promotion decided", outcome=promotion.outcome.value, current=promotion.current)
    return {"outcome": promotion.outcome.value, "current": promotion.current}


def _field(request: flask.Request, name: str) -> str:
    """A text field of a JSON body."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise PermanentError(f'the body is not a JSON object; expected {{"{name}": ...}}')
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise PermanentError(f'"{name}": expected a text, found {value!r}')
    return value
