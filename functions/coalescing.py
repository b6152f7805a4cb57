"""From many finalize events to one workflow execution per succeeded sync.

A Bronze file appears before its sync has succeeded, and Eventarc delivers at least once, out of order and late. So an
event carries no truth: it wakes us up to ask Airbyte, and every wake-up (event or sweep) calls the same ``reconcile``.

    gs://OPS/watches/<connection>/<epoch ms>  {"event": id}                     the event that watches it; never changes
    gs://OPS/starts/<connection>/<job>        {"by": who, "executions": [...]}  what was started for a succeeded job

The epoch is the file name's: when the sync (or the attempt of it) started by the clock of Airbyte's destination.
It is not the job's ``startTime``, which Airbyte takes earlier and in whole seconds, so no equality is asked of the two:
a job may have written a file if it started at or before the file's epoch, give or take ``CLOCK_SKEW``.

Why no succeeded sync is lost, and why Airbyte is asked per sync and not per event:

1. One event of an epoch makes its watch marker (compare-and-set) and thereby becomes its watcher; a redelivery has
   the same event id and knows itself. Every other event of the epoch is done at once, without a word to Airbyte.
2. The watcher is not done (2xx) while a job that may have written its file is live: it asks for a minute, then is
   nacked (503) and redelivered. So the listing on which it ends shows that job as it ended.
3. A listing on which anyone ends has been reconciled: each succeeded job that no release holds has a start marker
   which names an execution, or names as its owner another watcher, that is by (2) not done, or a sweep.
4. An execution that is recorded and dies, a watcher that Eventarc gives up after 24 h, a clock that is wrong by more
   than the allowance, an owner that was a sweep and died: the next sweep starts what is missing (``starts.ensure``).

A crash between starting an execution and recording it starts a second one. That cannot be excluded (the API takes no
id of ours) and does no harm: exactly-once effect is the transform's, by ledger and release. Nothing here is decided by
a clock but how long one request may last and which live jobs are worth waiting for.
"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import structlog
from google.cloud.storage import Bucket
from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_delay, wait_fixed

import freshness
import starts
from biaac import connections, objects, releases
from biaac.airbyte import Job
from biaac.errors import BiaacError, TransientError
from edges import Clients

POLL_S = 1.0  # a finished sync waits half of this on average for its workflow
CLOCK_SKEW = timedelta(minutes=2)  # between Airbyte's clock and its destination's; a job that started later wrote
# under an epoch of its own, which has a watcher of its own

# <connection>/<stream>/<YYYY_MM_DD>_<epoch ms>_<part>.parquet, and -1, -2 ... where Airbyte met a name twice.
OBJECT_NAME = re.compile(r"([a-z][a-z0-9_]{1,39})/.+/\d{4}_\d\d_\d\d_(\d{10,15})_\d+\.parquet(?:-\d+)?", re.ASCII)

log = structlog.get_logger()


class Sync(NamedTuple):
    """What the name of a Bronze file tells: whose sync wrote it, and when that sync started."""

    connection: str
    epoch_ms: int

    @property
    def started_at(self) -> datetime:
        """The epoch as a time."""
        return datetime.fromtimestamp(self.epoch_ms / 1000, UTC)


def sync_of(name: str, declared: Path) -> Sync | None:
    """The sync that wrote the object ``name``; None if no connection in the folder ``declared`` writes such names."""
    match = OBJECT_NAME.fullmatch(name)
    if match is None or not (declared / f"{match[1]}.yaml").is_file():
        return None
    return Sync(match[1], int(match[2]))


def wake_up(clients: Clients, *, event: str, sync: Sync) -> None:
    """Do what one finalize event owes its sync; ``TransientError`` while it has to come back."""
    watcher = _watcher(clients.ops, event, sync)
    if watcher != event:
        log.info("another event watches this sync", watcher=watcher)
        return
    looks = Retrying(
        retry=retry_if_result(lambda running: running is not None),
        stop=stop_after_delay(clients.settings.watch_seconds),
        wait=wait_fixed(POLL_S),
        retry_error_callback=_last_look,
    )
    running: Job | None = looks(_look, clients, event, sync)
    if running is not None:
        raise TransientError(f"{sync.connection}: job {running.id} is {running.state}; this event goes on watching")


def sweep(clients: Clients) -> list[str]:
    """Reconcile every connection, dead executions included, and tell how fresh it is.

    One that fails does not keep the others waiting.
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
        freshness.tell(connection, current, jobs, now=datetime.now(UTC))
    if failed:
        raise TransientError("; ".join(failed))
    return started


def reconcile(clients: Clients, connection: str, jobs: list[Job], *, by: str) -> list[str]:
    """See that every succeeded sync among ``jobs`` that no release holds has its workflow execution.

    Syncs without rows too: a failed job may have left rows that only the next succeeded one admits.
    """
    held = _newest_held(clients, connection)
    waiting = sorted(job.id for job in jobs if job.type == "sync" and job.state == "succeeded" and job.id > held)
    executions = [starts.ensure(clients, connection, job, by=by) for job in waiting]
    return [execution for execution in executions if execution is not None]


def _watcher(ops: Bucket, event: str, sync: Sync) -> str:
    """The event that watches ``sync``: this one, if none does yet."""
    name = f"watches/{sync.connection}/{sync.epoch_ms}"
    marker = objects.read(ops, name).value
    if marker is None:
        if objects.create(ops, name, {"event": event}):
            return event
        marker = objects.read(ops, name).value
    return str(marker["event"])


def _look(clients: Clients, event: str, sync: Sync) -> Job | None:
    """Reconcile once; the live job that may have written the files of ``sync``, if there is one."""
    jobs = clients.airbyte.newest_jobs(sync.connection)
    reconcile(clients, sync.connection, jobs, by=event)
    live = (job for job in jobs if job.live and job.started_at <= sync.started_at + CLOCK_SKEW)
    return next(live, None)


def _last_look(state: RetryCallState) -> Job | None:
    assert state.outcome is not None  # noqa: S101  tenacity types an attempt as if it might not have been made
    job: Job | None = state.outcome.result()
    return job


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
