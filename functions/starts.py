"""Starts the workflow for one succeeded job, with a marker by which others see that it was done.

    gs://OPS/starts/<connection>/<job>  {"by": <event id or "sweep">, "executions": [<resource name>, ...]}

A marker without executions belongs to the event that made it: that event is not done before it has recorded one.
Only a sweep starts for another's marker, and only a sweep checks whether what was started has died.
"""

from typing import Any

import structlog

from biaac import objects, runs, workflow
from clients import Clients

SWEEP = "sweep"
MOST_STARTS = 5  # of one job: a workflow that fails five times needs a person

log = structlog.get_logger()


def ensure(clients: Clients, connection: str, job: int, *, by: str) -> str | None:
    """Start the workflow for ``job``, unless that was done or another event owns it; the execution if started."""
    name = f"starts/{connection}/{job}"
    if objects.read(clients.ops, name).value is None:
        objects.create(clients.ops, name, {"by": by, "executions": []})
    marker = objects.read(clients.ops, name).value
    if not _is_due(clients, marker, by, name):
        return None
    reason = "sweep" if by == SWEEP else "sync"
    # Not repeated here: the caller is, and a second execution does no harm.
    execution = clients.workflow.start({"reason": reason, "connection": connection, "job": job})
    objects.update(clients.ops, name, lambda now: {**now, "executions": [*now["executions"], execution]})
    log.info("workflow started", connection=connection, job=job, execution=execution, reason=reason)
    return execution


def _is_due(clients: Clients, marker: dict[str, Any], by: str, name: str) -> bool:
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
            hint=f"biaac runs show {workflow.id_of(executions[-1])}",
        )
        return False
    return True


def _died_undecided(clients: Clients, execution: str) -> bool:
    """Whether an execution ended without success, and its run neither rejected its data nor failed for good.

    Those wait for new data, changed models or a person's retry: running them again would end as before.
    """
    last = clients.workflow.execution(execution)
    # None: its history has expired, or the laptop's was wiped.
    if last is not None and (workflow.is_live(last) or workflow.error_of(last) is None):
        return False
    run = runs.read(clients.ops, clients.settings.environment, workflow.id_of(execution))
    return run is None or run.outcome not in (runs.Outcome.REJECTED, runs.Outcome.FAILED)
