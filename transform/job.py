"""The transform job: admit what has arrived, build the models, audit them, publish a candidate release.

    python -m transform.job --execution <workflow execution> --reason sync|sweep|deploy|retry
    python -m transform.job --plan    prints what changed models would change, and changes nothing

Exits 0 when the outcome is decided and recorded (published, nothing new, rejected), 2 when another start cannot help
before a person has changed something, and 1 when it may. A run that fails is recorded, too, until another start of it
decides; one that is killed is not.
It may be killed anywhere and started again; its lock makes sure that only one works on the lake.
"""

import argparse
import hashlib
import logging
import os
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from google.api_core.exceptions import RetryError, ServerError, TooManyRequests
from google.auth.exceptions import TransportError
from google.cloud.storage import Bucket
from requests import RequestException

from biaac import connections, logs, releases, runs
from biaac.clients import storage_client
from biaac.errors import BiaacError, PermanentError, TransientError
from biaac.releases import AuditOutcome, Load, Release
from biaac.runs import Outcome, Run
from transform import admission, ledger, lock
from transform.admission import Observed
from transform.ledger import Ledger, Rejection
from transform.progress import Steps
from transform.settings import JobSettings, LakeSettings

if TYPE_CHECKING:
    from transform.build import Lake

SERVICE_IS_DOWN = (RetryError, ServerError, TooManyRequests, TransportError, ConnectionError, RequestException)
REASONS = ("sync", "sweep", "deploy", "retry")

log = structlog.get_logger()


@dataclass(frozen=True)
class Work:
    """What one execution works with, read once."""

    settings: JobSettings
    execution: str
    reason: str
    models: str
    bronze: Bucket
    lake: Bucket
    ops: Bucket
    started_at: datetime
    steps: Steps


@dataclass
class Attempt:
    """What one execution has done so far; its record holds this, also when models are refused."""

    ledger: Ledger
    loads: list[Load] = field(default_factory=list)
    audits: list[AuditOutcome] = field(default_factory=list)


def main() -> None:
    """Parse, run, translate errors into the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--execution", help="id of the workflow execution this is a step of")
    parser.add_argument("--reason", choices=REASONS)
    parser.add_argument("--plan", action="store_true", help="print what models would change, and change nothing")
    arguments = parser.parse_args()
    if not arguments.plan and not (arguments.execution and arguments.reason):
        parser.error("--execution and --reason are needed, or --plan alone")
    logs.configure()
    try:
        if arguments.plan:
            from transform import plan

            plan.show(LakeSettings.load())
        else:
            transform(JobSettings.load(), execution=arguments.execution, reason=arguments.reason)
    except BiaacError as error:
        logs.log_error(error)
        sys.exit(2 if isinstance(error, PermanentError) else 1)


def transform(settings: JobSettings, *, execution: str, reason: str) -> Run:
    """Decide the outcome of ``execution``, record it and return the record; the recorded one if there is one."""
    client = storage_client(settings)
    work = Work(
        settings=settings,
        execution=execution,
        reason=reason,
        models=models_digest(settings.models),
        bronze=client.bucket(settings.bronze_bucket),
        lake=client.bucket(settings.lake_bucket),
        ops=client.bucket(settings.ops_bucket),
        started_at=datetime.now(UTC),
        steps=Steps(),
    )
    run = runs.read(work.ops, settings.environment, execution)
    if run is None or run.outcome is Outcome.FAILED:
        with lock.held(work.lake, settings, settings.job_execution_name):
            run = runs.read(work.ops, settings.environment, execution)  # a second start of it may have decided
            if run is None or run.outcome is Outcome.FAILED:
                run = _recorded(work)
    log.log(
        logging.ERROR if run.outcome is Outcome.REJECTED else logging.INFO,
        "run decided",
        execution=execution,
        outcome=run.outcome.value,
        release=run.release,
        reason=run.message,
    )
    return run


def _recorded(work: Work) -> Run:
    """Decide, and record the decision; a failure that another start may not turn is recorded, too, and goes on."""
    try:
        run = _decide(work)
    except (TransientError, *SERVICE_IS_DOWN):  # no verdict: started again, also by a sweep
        raise
    except Exception as error:  # of whatever kind: without a record nobody would see it but in the log
        bug = (
            f"{type(error).__name__}: a bug; the log of {work.settings.job_execution} has more"  # its text may be data
        )
        message = str(error) if isinstance(error, PermanentError) else bug
        failed = _record(work, Outcome.FAILED, None, message, Attempt(ledger=Ledger()))
        runs.write(work.ops, work.settings.environment, failed)
        raise
    runs.write(work.ops, work.settings.environment, run)
    return run


def models_digest(project: Path) -> str:
    """Digest of everything that decides what Gold and its release look like: the SQLMesh project and this package."""
    parts = [
        [str(path.relative_to(folder.parent)), hashlib.sha256(path.read_bytes()).hexdigest()]
        for folder in (project, Path(__file__).parent)
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".sql", ".py", ".yaml") and path.relative_to(folder).parts[0] not in ("tests", "linter")
    ]
    return releases.digest(parts)


def _decide(work: Work) -> Run:
    """List what has arrived, and build it, or record why there is nothing to build."""
    environment = work.settings.environment
    with work.steps.step("list Airbyte and Bronze"):
        known = ledger.read(work.lake, environment)
        declared = connections.load(work.settings.connections)
        observed = admission.observe(known, work.bronze, work.settings, declared)
    parent = releases.latest(work.lake, environment)
    if idle := _idle(work, observed, parent):
        ledger.write(work.lake, environment, observed.ledger)  # what was examined need not be examined again
        return idle

    from transform import lake_state  # SQLMesh takes a second to import: not for nothing
    from transform.build import Lake, ModelsRefused
    from transform.engine import Engine

    attempt = Attempt(ledger=observed.ledger)
    try:
        with lake_state.fetched(work.lake, work.settings) as state:
            engine = Engine(state.settings)
            with work.steps.step("open the lake"):
                lake = Lake(work.settings.models, engine)
            with lake:
                release, message = _build(work, attempt, lake, observed, parent)
            with work.steps.step("put the lake's state back"):
                state.put_back()
            releases.write(work.lake, release)
            if attempt.ledger.removed:
                ledger.write(work.lake, environment, attempt.ledger.model_copy(update={"removed": []}))
            with work.steps.step("delete what no table names"):
                engine.delete_unnamed_files()
        return _record(work, Outcome.PUBLISHED, release, message, attempt)
    except ModelsRefused as error:
        refused = Rejection(
            execution=work.execution, newest_jobs=observed.newest_jobs, models=work.models, message=error.message
        )
        ledger.write(work.lake, environment, attempt.ledger.model_copy(update={"rejected": refused}))
        return _record(work, Outcome.REJECTED, parent, error.message, attempt)


def _idle(work: Work, observed: Observed, parent: Release | None) -> Run | None:
    """The record of an execution that has nothing to build; None if it has."""
    known, idle = observed.ledger, Attempt(ledger=observed.ledger)
    if not observed.newest_jobs:
        return _record(work, Outcome.NOTHING_NEW, parent, "no sync has succeeded yet", idle)
    refused = known.rejected
    if refused and not observed.lost and (refused.models, refused.newest_jobs) == (work.models, observed.newest_jobs):
        if work.reason == "retry" or refused.execution == work.execution:
            return None
        message = f"refused before, waits for data, models or a retry: {refused.message}"
        return _record(work, Outcome.NOTHING_NEW, parent, message, idle)
    if admission.admit(observed, load_id=0) != known or known.removed or parent is None:
        return None
    if (parent.loads, parent.models) != (known.loads, work.models):
        return None
    idle.audits = parent.audits
    pointer = releases.pointer(work.lake, work.settings.environment)
    if pointer is None or (pointer.release != parent.id and not pointer.held):
        # Its warm-up or its promotion died: offer it again.
        return _record(work, Outcome.PUBLISHED, parent, f"release {parent.id} waits for its promotion", idle)
    return _record(work, Outcome.NOTHING_NEW, parent, f"release {parent.id} holds every succeeded sync", idle)


def _build(
    work: Work, attempt: Attempt, lake: "Lake", observed: Observed, parent: Release | None
) -> tuple[Release, str]:
    """Admit, build, audit, put the files of a release in place; the release, not written yet, and what is new in it."""
    from transform.publish import publish

    tables, metrics = lake.gold(), lake.metrics()
    _admit(work, attempt, observed, passed=lake.passed())
    with work.steps.step("build and audit"):
        _build_models(work, attempt, lake, observed)
    with work.steps.step("publish") as step:
        fresh = admission.freshness(attempt.ledger, observed.declared)
        published = publish(lake.connection, work.lake, tables, parent, freshness=fresh)
        step.rows = published.rows_written
    lake.compact()
    release = Release(
        environment=work.settings.environment,
        parent=parent.id if parent else None,
        sequence=parent.sequence + 1 if parent else 1,
        created_at=datetime.now(UTC),
        revision=work.settings.revision,
        models=work.models,
        execution=work.execution,
        loads=attempt.ledger.loads,
        freshness=fresh,
        audits=[audit for audit in attempt.audits if audit.model not in published.waiting],
        metrics=[metric for metric in metrics if metric.table not in published.waiting],
        tables=published.tables,
        waiting=published.waiting,
    )
    return release, f"release {release.id}, {published.files_written} of {published.files} files are new"


def _build_models(work: Work, attempt: Attempt, lake: "Lake", observed: Observed) -> None:
    from transform import late_rows

    newest = attempt.ledger.load_ids[-1]
    late = late_rows.audit(lake.connection, work.settings.bronze_bucket, attempt.ledger, observed.declared, newest)
    try:
        # A ledger that was lost has given its rows other loads than those the lake has them in.
        lost = lake.passed() and not observed.ledger.load_ids
        lake.forget(list(attempt.ledger.streams) if lost else attempt.ledger.removed)
        lake.build(attempt.ledger.load_ids)
    finally:
        attempt.audits = [*lake.audits, *(outcome for outcome, _ in late)]
        if offending := [*lake.offending, *(rows for _, rows in late)]:
            runs.write_offending(work.ops, work.settings.environment, work.execution, offending)


def _admit(work: Work, attempt: Attempt, observed: Observed, *, passed: datetime | None) -> None:
    """Write the ledger with a new load. It comes before any build: what a killed run admitted, the next one builds."""
    with work.steps.step("admit") as step:
        load_id = ledger.next_load_id(now=datetime.now(UTC), used=observed.ledger.load_ids, passed=passed)
        attempt.ledger = admission.admit(observed, load_id).model_copy(update={"rejected": None})
        attempt.loads = [load for load in attempt.ledger.loads if load.load_id == load_id]
        ledger.write(work.lake, work.settings.environment, attempt.ledger)
        step.rows = attempt.ledger.rows_of(load_id)


def _record(work: Work, outcome: Outcome, release: Release | None, message: str, attempt: Attempt) -> Run:
    return Run(
        execution=work.execution,
        job_execution=work.settings.job_execution,
        reason=work.reason,
        outcome=outcome,
        release=release.id if release else None,
        message=message,
        loads=attempt.loads,
        models=work.models,
        audits=attempt.audits,
        steps=work.steps.done,
        started_at=work.started_at,
        finished_at=datetime.now(UTC),
    )


if __name__ == "__main__":
    main()
    # The record is written and the lake is closed; dismantling SQLMesh's modules would take another half second.
    sys.stdout.flush()
    os._exit(0)
