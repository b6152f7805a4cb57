"""Releases and run records with as little in them as their readers need."""

from datetime import UTC, datetime
from typing import Any

from google.cloud.storage import Bucket

from biaac import releases, runs
from biaac.releases import Load, Release

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def candidate(lake: Bucket, **fields: Any) -> str:
    """Write the next release of ``prod``, with these fields, and return its id."""
    parent = releases.latest(lake, "prod")
    ancestry = {"parent": parent.id, "sequence": parent.sequence + 1} if parent else {"parent": None, "sequence": 1}
    empty = {name: [] for name in ("loads", "freshness", "audits", "metrics")}
    names = {"environment": "prod", "revision": "unversioned", "models": "m", "execution": "e"}
    release = Release.model_validate({**ancestry, **empty, **names, "created_at": NOW, "tables": {}, **fields})
    return releases.write(lake, release)


def load(connection: str, job: int) -> Load:
    return Load(connection=connection, job=job, load_id=202611240000 + job)


def record(ops: Bucket, execution: str, outcome: runs.Outcome, release: str | None = None, **fields: Any) -> None:
    """Write the run record of ``execution``; ``fields`` are its others."""
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
    runs.write(ops, "prod", run.model_copy(update=fields))
