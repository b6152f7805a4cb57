"""Starting the workflow for one succeeded job, with a marker so that others see it was done.

    gs://OPS/starts/<connection>/<job>  {"by": <event id or "sweep">, "executions": [<resource name>, ...]}

A marker without executions belongs to the event that made it: that event is not done before it has recorded one.
Only a sweep goes over another's marker, and only a sweep looks whether what was started has died.
"""

import json
from typing import Any

import structlog
from google.api_core.exceptions import Forbidden, InvalidArgument, NotFound
from google.cloud.workflows import executions_v1

from biaac import objects, runs
from biaac.errors import PermanentError
from edges import Clients

SWEEP = "sweep"
MOST_STARTS = 5  # of one job: a workflow that fails five times needs a person
TIMEOUT_S = 20  # the API queues an execution, it does not run it

State = executions_v1.Execution.State
DEAD = {State.FAILED, State.CANCELLED, State.UNAVAILABLE}

log = structlog.get_logger()


def ensure(clients: Clients, connection: str, job: int, *, by: str) -> str | None:
    """Start the workflow for ``job`` unless that was done or is another event's to do; the execution, if started."""
    name = f"starts/{connection}/{job}"
    if objects.read(clients.ops, name).value is None:
        objects.create(clients.ops, name, {"by": by, "executions": []})
    marker = objects.read(clients.ops, name).value
    if not _owed(clients, marker, by, name):
        return None
    reason = "sweep" if by == SWEEP else "sync"
    execution = _start(clients, {"reason": reason, "connection": connection, "job": job})
    objects.update(clients.ops, name, lambda now: {**now, "executions": [*now["executions"], execution]})
    log.info("workflow started", connection=connection, job=job, execution=execution, reason=reason)
    return execution


def _owed(clients: Clients, marker: dict[str, Any], by: str, name: str) -> bool:
    executions = marker["executions"]
    if not executions:
        return by in (marker["by"], SWEEP)
    if by != SWEEP or not _died_undecided(clients, executions[-1]):
        return False
    if len(executions) >= MOST_STARTS:
        log.error(
            "this job's workflow keeps failing; not started again",
            marker=name,
            execution=executions[-1],
            hint="biaac runs show " + executions[-1].rpartition("/")[2],
        )
        return False
    return True


def _died_undecided(clients: Clients, execution: str) -> bool:
    """Whether an execution ended without success, and not by a verdict on its data.

    Rejected data waits for new data, changed models or a person's retry: running it again would reject it again.
    """
    try:
        state = clients.executions.get_execution(name=execution, timeout=TIMEOUT_S).state
    except NotFound:  # its history has expired, or the laptop's was wiped
        state = State.UNAVAILABLE
    if state not in DEAD:
        return False
    run = runs.read(clients.ops, clients.settings.environment, execution.rpartition("/")[2])
    return run is None or run.outcome is not runs.Outcome.REJECTED


def _start(clients: Clients, argument: dict[str, Any]) -> str:
    """Create an execution. Not repeated here: the caller is, and a second one does no harm."""
    workflow = f"{clients.settings.parent}/workflows/{clients.settings.workflow}"
    execution = executions_v1.Execution(argument=json.dumps(argument))
    try:
        return str(clients.executions.create_execution(parent=workflow, execution=execution, timeout=TIMEOUT_S).name)
    except (NotFound, Forbidden, InvalidArgument) as error:
        raise PermanentError(
            f"{workflow} cannot be started: {error.message}", hint="check that the workflow is deployed"
        ) from None
