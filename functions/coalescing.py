"""From many finalize events to one workflow execution per succeeded sync.

A Bronze file appears before its sync has succeeded, and Eventarc delivers at least once, out of order and late. So an
event carries no truth. It wakes us up to ask Airbyte, and every wake-up (event or sweep) calls the same ``reconcile``.

    gs://OPS/watches/<connection>/<epoch ms>  {"event": id}                     the event that watches it; never changes
    gs://OPS/starts/<connection>/<job>        {"by": id, "executions": [...]}   what was started for a succeeded job

The epoch is the one in the file's name: when the sync, or the attempt of it, started by the clock of Airbyte's
destination. The job's ``startTime`` is earlier and in whole seconds, so the two are never compared for equality: a job
may have written a file if it started at or before the file's epoch, give or take ``CLOCK_SKEW``.

Why no succeeded sync is lost, and why Airbyte is asked once per sync and not once per event:

1. The first event of an epoch creates the watch marker, by compare-and-set, and so becomes the watcher of that epoch.
   A redelivery has the same event id and recognizes itself. Every other event of the epoch is done (2xx) at once,
   without a request to Airbyte.
2. The watcher is not done while a job that may have written its file is live. It looks again for a minute, then
   answers 503 and is redelivered. So when the watcher is done, its last list of jobs showed that job as it ended.
3. Before an event is done, its last list of jobs has been reconciled. Each succeeded job that no release holds then
   has a start marker. The marker either names an execution, or names its owner: another watcher, which by (2) is not
   done yet, or a sweep.
4. What can still go wrong: a recorded execution dies, Eventarc drops a watcher after 24 h, a clock is wrong by more
   than the allowance, or a sweep dies that owned a marker. The next sweep starts what is missing (``starts.ensure``).

A crash between starting an execution and recording it starts a second one. That cannot be excluded, since the API
takes no id of ours, and it does no harm: the transform makes the effect happen once, by ledger and release. Clocks
decide two things only: how long one request lasts, and which live jobs are worth waiting for.
"""

from datetime import UTC, datetime, timedelta

import structlog
from google.cloud.storage import Bucket

import freshness
import starts
from biaac import connections, objects, releases, waiting
from biaac.airbyte import Job
from biaac.bronze import ObjectName
from biaac.errors import BiaacError, TransientError
from clients import Clients

POLL_S = 1.0  # a finished sync waits half of this on average for its workflow
CLOCK_SKEW = timedelta(minutes=2)  # between Airbyte's clock and its destination's; a job that started later wrote
# under an epoch of its own, which has a watcher of its own

log = structlog.get_logger()


def wake_up(clients: Clients, *, event: str, file: ObjectName) -> None:
    """Do all that one finalize event has to do for ``file``; ``TransientError`` while it has to be delivered again."""
    watcher = _watcher(clients.ops, event, file)
    if watcher != event:
        log.info("another event watches this sync", watcher=watcher)
        return
    waiting.until(
        lambda: _look(clients, event, file) is None,
        seconds=clients.settings.watch_seconds,
        what=f"the sync that wrote {file} has ended",
        every=POLL_S,
    )


def sweep(clients: Clients) -> list[str]:
    """Reconcile every connection, dead executions included, and log how fresh it is; the executions started.

    A connection that fails does not keep the others waiting. ``TransientError`` names all that failed.
    """
    started: list[str] = []
    failed: list[str] = []
    current = releases.current(clients.lake, clients.settings.environment)
    for name, connection in sorted(connections.load(clients.settings.connections).items()):
        jobs: list[Job] | None = None
        try:
            jobs = clients.airbyte.newest_jobs(name)
            started += reconcile(clients, name, jobs, by=starts.SWEEP)
        except BiaacError as error:  # reported below, when every connection has had its turn
            log.error(error.message, connection=name, hint=error.hint)
            failed.append(f"{name}: {error.message}")
        freshness.log_state(connection, current, jobs, now=datetime.now(UTC))
    if failed:
        raise TransientError("; ".join(failed))
    return started


def reconcile(clients: Clients, connection: str, jobs: list[Job], *, by: str) -> list[str]:
    """Start the workflow for every succeeded sync in ``jobs`` that no release holds; the executions started.

    Syncs without rows count too: a failed job may have left rows that only the next succeeded one admits.
    """
    held = _newest_held(clients, connection)
    waiting = sorted(job.id for job in jobs if job.delivered and job.id > held)
    executions = [starts.ensure(clients, connection, job, by=by) for job in waiting]
    return [execution for execution in executions if execution is not None]


def _watcher(ops: Bucket, event: str, file: ObjectName) -> str:
    """The event that watches the sync of ``file``: this one, if none does yet."""
    name = f"watches/{file.connection}/{file.epoch_ms}"
    marker = objects.read(ops, name).value
    if marker is None:
        if objects.create(ops, name, {"event": event}):
            return event
        marker = objects.read(ops, name).value
    return str(marker["event"])


def _look(clients: Clients, event: str, file: ObjectName) -> Job | None:
    """Reconcile once; the live job that may have written ``file``, if there is one."""
    jobs = clients.airbyte.newest_jobs(file.connection)
    reconcile(clients, file.connection, jobs, by=event)
    live = (job for job in jobs if job.live and job.moves_data and job.started_at <= file.started_at + CLOCK_SKEW)
    return next(live, None)


def _newest_held(clients: Clients, connection: str) -> int:
    """The newest job of ``connection`` that readers have, or would have if a person did not hold the pointer.

    Every earlier job is in with it: a release admits all rows of a connection up to the job it names. A candidate
    that was never promoted does not count: its execution may have died before, and then has to run again.
    """
    lake, environment = clients.lake, clients.settings.environment
    pointer = releases.pointer(lake, environment)
    if pointer is None:
        return 0
    release = releases.latest(lake, environment) if pointer.held else releases.read(lake, environment, pointer.release)
    loads = release.loads if release else []
    return max((load.job for load in loads if load.connection == connection), default=0)
