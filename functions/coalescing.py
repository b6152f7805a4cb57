"""From many finalize events to one workflow execution per succeeded sync.

A Bronze file appears before its sync has succeeded, and Eventarc delivers at least once, out of order and late. So an
event carries no truth. It wakes us up to ask Airbyte, and every wake-up (event or sweep) calls the same ``reconcile``.

    gs://OPS/watches/<connection>/<epoch ms>  {"event": id, "left": bool}       the event that watches it, or did last
    gs://OPS/starts/<connection>/<job>        {"by": id, "executions": [...]}   what was started for a succeeded job

The epoch is the one in the file's name: when the sync, or the attempt of it, started by the clock of Airbyte's
destination. The job's ``startTime`` is earlier and in whole seconds, so the two are never compared for equality: a job
may have written a file if it started at or before the file's epoch, give or take ``CLOCK_SKEW``.

Why no succeeded sync is lost, and why Airbyte is asked once per sync and not once per event:

1. The first event of an epoch creates the watch marker, by compare-and-set, and so becomes the watcher of that epoch.
   A redelivery has the same event id and recognizes itself. Every other event of the epoch is done (2xx) at once,
   without a request to Airbyte, while the watcher watches.
2. The watcher is not done while a job that may have written its file is live. It looks again for a minute, then marks
   the watch as left, answers 503 and is redelivered after Eventarc's back-off, which grows to ten minutes. Until then
   the next event of the epoch takes the watch over, by compare-and-set: a sync writes its last files as it ends, so
   its end is seen in seconds. Who was taken over is done when it comes back, for another one watches. So when the last
   watcher is done, its last list of jobs showed that job as it ended.
3. Before a watcher is done, its last list of jobs has been reconciled. The newest succeeded job that no release holds
   then has a start marker; a release holds every earlier job with it. The marker either names an execution, or names
   its owner: another watcher, which by (2) is not done yet, or a sweep.
4. What can still go wrong: a recorded execution dies, Eventarc drops a watcher after 24 h, a clock is wrong by more
   than the allowance, or a sweep dies that owned a marker. The next sweep starts what is missing (``starts.ensure``).

A crash between starting an execution and recording it starts a second one. That cannot be excluded, since the API
takes no id of ours, and it does no harm: the transform makes the effect happen once, by ledger and release. Clocks
decide two things only: how long one request lasts, and which live jobs are worth waiting for.
"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog
from google.cloud.storage import Bucket

import freshness
import starts
from biaac import connections, objects, releases, waiting
from biaac.airbyte import Job
from biaac.bronze import ObjectName
from biaac.errors import BiaacError, LostRace, TransientError
from clients import Clients

POLL_S = 1.0  # a finished sync waits half of this on average for its workflow
CLOCK_SKEW = timedelta(minutes=2)  # between Airbyte's clock and its destination's; a job that started later wrote
# under an epoch of its own, which has a watcher of its own

log = structlog.get_logger()


def wake_up(clients: Clients, *, event: str, file: ObjectName) -> None:
    """Do all that one finalize event has to do for ``file``; ``TransientError`` while it has to be delivered again."""
    marker = f"watches/{file.connection}/{file.epoch_ms}"
    if not _take_watch(clients.ops, marker, event):
        log.info("another event watches this sync")
        return
    try:
        waiting.until(
            lambda: _look(clients, event, file) is None,
            seconds=clients.settings.watch_seconds,
            what=f"the sync that wrote {file} has ended",
            every=POLL_S,
        )
    except TransientError:
        left = {"event": event, "left": True}
        objects.update(clients.ops, marker, lambda now: left if now and now["event"] == event else now)
        raise


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
    """Start the workflow for the newest succeeded sync in ``jobs``, unless a release holds it; the execution started.

    Its release holds all earlier ones. Syncs without rows count too: a failed job may have left rows that only the
    next succeeded one admits.
    """
    newest = max((job.id for job in jobs if job.delivered), default=0)
    if newest <= _newest_held(clients, connection):
        return []
    execution = starts.ensure(clients, connection, newest, by=by)
    return [execution] if execution else []


def _take_watch(ops: Bucket, name: str, event: str) -> bool:
    """Whether ``event`` is the one that watches: nobody does yet, it did before, or the one that did has left."""
    taken = {"event": event, "left": False}
    while True:
        marker = objects.read(ops, name)
        if marker.value == taken:
            return True
        if marker.value is not None and marker.value["event"] != event and not marker.value.get("left"):
            return False
        with suppress(LostRace):
            objects.replace(ops, name, taken, expected=marker.generation)
            return True


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
