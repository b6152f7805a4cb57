"""Releases and run records with as little in them as the functions read."""

from datetime import UTC, datetime

from google.cloud.storage import Bucket

from biaac import releases, runs
from biaac.releases import Load, Release

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def candidate(lake: Bucket, *, loads: list[Load], sequence: int = 1) -> str:
    """Write a release that holds ``loads`` and return its id."""
    release = Release(
        environment="prod",
        parent=None,
        sequence=sequence,
        created_at=NOW,
        revision="unversioned",
        models="m",
        execution="e",
        loads=loads,
        freshness=[],
        audits=[],
        metrics=[],
        tables={},
    )
    return releases.write(lake, release)


def load(connection: str, job: int) -> Load:
    return Load(connection=connection, job=job, load_id=202611240000 + job)


def record(ops: Bucket, execution: str, outcome: runs.Outcome, release: str | None = None) -> None:
    """Write the run record of ``execution``."""
    run = runs.Run(
        execution=execution,
        job_execution="transform-1",
        reason="sync",
        outcome=outcome,
        release=release,
        message=f"it is {outcome}",
        loads=[],
        models="m",
        audits=[],
        started_at=NOW,
        finished_at=NOW,
    )
    runs.write(ops, "prod", run)
