"""Following work to its end, step by step, for a person who watches."""

import time
from typing import Any

from rich.markup import escape

from biaac import objects, releases, runs, workflow
from biaac.airbyte import Airbyte, Job
from biaac.errors import PermanentError
from biaac.waiting import until
from cli.session import Session, console

SYNC_S = 4 * 3600.0  # a sync of hours is followed to its end
START_S = 120.0  # an event watches a sync for a minute, then is delivered again
REFRESH_S = 3 * 3600.0
STEPS = {
    "transform": "transform: Bronze to Gold, audits, candidate release",
    "warm": "warm: the cache service loads the candidate",
    "check": "check: every dashboard runs on the candidate",
    "promote": "promote: readers see the new release",
    "refresh_dashboards": "dashboards: Superset follows the release",
}


def job(session: Session, connection: str, job_id: int) -> Job:
    """Follow an Airbyte job to its end; ``PermanentError`` if it did not succeed."""
    airbyte = Airbyte(session.settings)
    what = f"job {job_id} of {connection}"
    started = time.monotonic()
    with console.status(f"sync: {what}") as status:

        def ended() -> Job | None:
            now = next((job for job in airbyte.newest_jobs(connection) if job.id == job_id), None)
            if now is None:
                raise PermanentError(f"Airbyte does not list {what}", hint="biaac status")
            status.update(f"sync: {what}, {now.rows or 0:,} rows so far")
            return None if now.live else now

        job = until(ended, seconds=SYNC_S, what=f"{what} has ended", hint="biaac status")
    if job.state != "succeeded":
        raise PermanentError(f"sync: {what} {job.state}{_reason(session, job_id)}")
    _done(f"sync: {what} brought {job.rows or 0:,} rows to Bronze", started)
    for loss in losses(session, job_id):
        console.print(f"  [yellow]![/] {escape(loss)}")
    return job


def start_of(session: Session, connection: str, job_id: int) -> str | None:
    """The workflow execution started for a job; None if a release already holds it."""
    started = time.monotonic()

    def marker() -> dict[str, Any] | None:
        """The job's start marker once it names an execution; one without if a release holds the job."""
        stored = objects.read(session.ops, f"starts/{connection}/{job_id}").value
        if stored and stored["executions"]:
            return dict(stored)
        newest = releases.latest(session.lake, session.environment)
        loads = [(load.connection, load.job) for load in newest.loads] if newest else []
        return {"executions": []} if (connection, job_id) in loads else None

    with console.status("event: waiting for the workflow to start"):
        what = f"a workflow has started for job {job_id} of {connection}"
        executions = until(marker, seconds=START_S, what=what, hint="biaac status")["executions"]
    if not executions:
        return None
    execution = workflow.id_of(executions[-1])
    _done(f"event: workflow execution {execution} started", started)
    return execution


def refresh(session: Session, execution_id: str) -> None:
    """Follow a workflow execution to its end; ``PermanentError`` if it failed or its data was rejected."""
    progress = _Progress(session, execution_id)
    with console.status("transform") as status:

        def show(execution: Any) -> None:
            step = next((s.step for s in execution.status.current_steps if s.routine == "main"), None)
            if step in STEPS:
                status.update(STEPS[step])
                progress.reached(step)

        execution = session.workflow.wait(execution_id, seconds=REFRESH_S, watch=show)
    run = runs.read(session.ops, session.environment, execution_id)
    if run is not None and run.outcome is runs.Outcome.REJECTED:
        raise PermanentError(
            f"rejected: {run.message}; dashboards keep showing the last good release",
            hint=f"biaac runs show {execution_id}",
        )
    if error := workflow.error_of(execution):
        raise PermanentError(f"run {execution_id} {error}", hint=f"biaac runs show {execution_id}")
    progress.finish()


class _Progress:
    """Prints each step once it is over; a step too quick to be seen is over when a later one is seen."""

    def __init__(self, session: Session, execution_id: str) -> None:
        self.session, self.execution_id = session, execution_id
        self.left = list(STEPS)
        self.since = time.monotonic()

    def reached(self, step: str) -> None:
        while step in self.left and step != self.left[0]:
            self._over()

    def finish(self) -> None:
        run = self._run()
        published = run is not None and run.outcome is runs.Outcome.PUBLISHED
        while self.left and (published or self.left[0] == "transform"):
            self._over()
        if run is not None and not published:
            console.print(f"  nothing new: {run.message}", markup=False)

    def _run(self) -> runs.Run | None:
        return runs.read(self.session.ops, self.session.environment, self.execution_id)

    def _over(self) -> None:
        step = self.left.pop(0)
        pointer = releases.pointer(self.session.lake, self.session.environment) if step == "promote" else None
        if pointer and pointer.held:
            console.print(f"[yellow]held[/] readers still see {pointer.release}; next: biaac releases resume")
        else:
            _done(STEPS[step], self.since)
        if step == "transform" and (run := self._run()):
            print_steps(run)
            console.print(f"  {releases.passed(run.audits)} audits passed; {escape(run.message)}", style="dim")
        self.since = time.monotonic()


def print_steps(run: runs.Run) -> None:
    """One line for each step of a transform: its time and rows."""
    for step in run.steps:
        rows = "" if step.rows is None else f"{step.rows:>12,} rows"
        console.print(f"  {step.name:<28} {step.seconds:6.1f} s {rows}", style="dim")


def _done(what: str, since: float) -> None:
    console.print(f"[green]✓[/] {what} [dim]({time.monotonic() - since:.1f} s)[/]")


def losses(session: Session, job_id: int) -> list[str]:
    """What a person should know of a job that went on: its warnings, and how many values did not fit their column."""
    record = _record(session, job_id)
    if record is None:
        return []
    nulled = [
        f"{count:,} values of {stream}.{column} did not fit and are NULL"
        for stream, columns in record.nulled.items()
        for column, count in columns.items()
    ]
    return [*record.warnings, *nulled]


def _reason(session: Session, job_id: int) -> str:
    record = _record(session, job_id)
    if record is None or not record.message:
        return ""
    return "\n".join([f": {record.message}", *(f"    {line}" for line in record.log[-8:])])


def _record(session: Session, job_id: int) -> Any | None:
    """Our own ingestion's record of a job; an Airbyte server's public API says none of this, and has none."""
    from ingestion import job_records

    return job_records.find(session.ops, job_id)
