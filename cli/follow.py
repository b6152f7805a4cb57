"""Following work to its end, step by step, for a person who watches."""

import time
from collections.abc import Iterator
from typing import Any

from rich.markup import escape

from biaac import objects, releases, runs
from biaac.airbyte import Airbyte, Job
from biaac.errors import PermanentError, TransientError
from cli.session import Session, console

POLL_S = 0.3
SYNC_S = 4 * 3600.0  # a sync of hours is followed to its end
START_S = 120.0  # an event watches a sync for a minute, then is delivered again
REFRESH_S = 3 * 3600.0
STEPS = {
    "transform": "transform: Bronze to Gold, audits, candidate release",
    "warm": "warm: the cache service loads the candidate",
    "promote": "promote: readers see the new release",
    "refresh_dashboards": "dashboards: Superset follows the release",
}


def job(session: Session, connection: str, job_id: int) -> Job:
    """Follow an Airbyte job to its end; ``PermanentError`` if it did not succeed."""
    airbyte = Airbyte(session.settings)
    started = time.monotonic()
    found: Job | None = None
    with console.status(f"sync: job {job_id} of {connection}") as shown:
        for _ in _until(SYNC_S, f"job {job_id} of {connection} is still running"):
            found = next((j for j in airbyte.newest_jobs(connection) if j.id == job_id), None)
            if found is None:
                raise PermanentError(f"Airbyte does not list job {job_id} of {connection}", hint="biaac status")
            shown.update(f"sync: job {job_id} of {connection}, {found.rows or 0:,} rows so far")
            if not found.live:
                break
    if found is None or found.state != "succeeded":
        state = found.state if found else "unknown"
        raise PermanentError(f"sync: job {job_id} of {connection} {state}{_why(session, job_id)}")
    _done(f"sync: job {job_id} of {connection} brought {found.rows or 0:,} rows to Bronze", started)
    return found


def start_of(session: Session, connection: str, job_id: int) -> str | None:
    """The workflow execution started for a job; None if a release already holds it."""
    started = time.monotonic()
    with console.status("event: waiting for the workflow to start"):
        for _ in _until(START_S, f"no workflow has started for job {job_id} of {connection}"):
            marker = objects.read(session.ops, f"starts/{connection}/{job_id}").value
            if marker and marker["executions"]:
                break
            newest = releases.latest(session.lake, session.environment)
            if newest and any((load.connection, load.job) == (connection, job_id) for load in newest.loads):
                return None
    execution = str(marker["executions"][-1]).rpartition("/")[2]
    _done(f"event: workflow execution {execution} started", started)
    return execution


def refresh(session: Session, execution_id: str) -> None:
    """Follow a workflow execution to its end; ``PermanentError`` if it failed or its data was rejected."""
    progress = _Progress(session, execution_id)
    with console.status("transform") as shown:
        for _ in _until(REFRESH_S, f"execution {execution_id} is still running"):
            execution = session.execution(execution_id)
            step = next((s.step for s in execution.status.current_steps if s.routine == "main"), None)
            if step in STEPS:
                shown.update(STEPS[step])
                progress.reached(step)
            if execution.state.name not in ("ACTIVE", "QUEUED"):
                break
    run = runs.read(session.ops, session.environment, execution_id)
    if run is not None and run.outcome is runs.Outcome.REJECTED:
        raise PermanentError(
            f"rejected: {run.message}; dashboards keep showing the last good release",
            hint=f"biaac runs show {execution_id}",
        )
    if execution.state.name != "SUCCEEDED":
        said = (execution.error.context or execution.error.payload).splitlines()
        raise PermanentError(
            f"execution {execution_id} {execution.state.name}: {said[0] if said else 'no reason given'}",
            hint=f"biaac runs show {execution_id}",
        )
    progress.finish()


class _Progress:
    """Prints each step once it is over; a step too quick to be seen is over when a later one is seen."""

    def __init__(self, session: Session, execution_id: str) -> None:
        self.session, self.execution_id = session, execution_id
        self.order = list(STEPS)
        self.at = 0
        self.since = time.monotonic()

    def reached(self, step: str) -> None:
        while self.order[self.at] != step and self.at < self.order.index(step):
            self._over()

    def finish(self) -> None:
        run = runs.read(self.session.ops, self.session.environment, self.execution_id)
        published = run is not None and run.outcome is runs.Outcome.PUBLISHED
        while self.at < (len(self.order) if published else 1):
            self._over()
        if run is not None and not published:
            console.print(f"  nothing new: {run.message}", markup=False)

    def _over(self) -> None:
        step = self.order[self.at]
        _done(STEPS[step], self.since)
        if step == "transform":
            _tell_transform(runs.read(self.session.ops, self.session.environment, self.execution_id))
        self.at += 1
        self.since = time.monotonic()


def _tell_transform(run: runs.Run | None) -> None:
    if run is None:
        return
    for step in run.steps:
        rows = "" if step.rows is None else f"{step.rows:>12,} rows"
        console.print(f"      {step.name:<28} {step.seconds:6.1f} s {rows}", style="dim")
    failed = sum(audit.outcome != "passed" for audit in run.audits)
    console.print(
        f"      {len(run.audits) - failed} of {len(run.audits)} audits passed; {escape(run.message)}", style="dim"
    )


def _done(what: str, since: float) -> None:
    console.print(f"[green]✓[/] {what} [dim]({time.monotonic() - since:.1f} s)[/]")


def _why(session: Session, job_id: int) -> str:
    """The reason our own ingestion gives; an Airbyte server's public API tells none."""
    from ingestion import jobs

    found = jobs.find(session.ops, job_id)
    if found is None or not found.message:
        return ""
    return "\n".join([f": {found.message}", *(f"    {line}" for line in found.log[-8:])])


def _until(seconds: float, fault: str) -> Iterator[Any]:
    """Poll: yields until the caller stops, or fails with ``fault`` after so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(POLL_S)  # a poll of a fact, bounded by ``seconds``
    raise TransientError(f"{fault} after {seconds:.0f} s", hint="biaac status")
