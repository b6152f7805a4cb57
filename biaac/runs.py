"""Run records: what one workflow execution's transform did, written once it is decided.

    gs://OPS/runs/<environment>/<workflow execution>.json
    gs://OPS/offending/<environment>/<workflow execution>.json     rows that its audits complain of

    runs.read(ops, "prod", "6096174f-b0bd-4b94-ab66-0da20b87c3ed").outcome

``warm_cache`` reads it to answer the workflow; ``biaac runs`` and the audits' history read it for people.
"""

from enum import StrEnum
from typing import Any

from google.cloud.storage import Bucket
from pydantic import AwareDatetime, Field

from biaac import objects
from biaac.errors import PermanentError
from biaac.records import Record
from biaac.releases import AuditOutcome, Load


class Outcome(StrEnum):
    """What the transform decided: final for its execution, but for a failure, which another start may turn."""

    PUBLISHED = "published"
    NOTHING_NEW = "nothing_new"
    REJECTED = "rejected"  # by an audit, or a model could not be built: waits for new data, models or a retry
    FAILED = "failed"  # nothing was decided: an error that a person must see to, or a bug


class Step(Record):
    """A named part of the transform and how long it took."""

    name: str
    seconds: float
    rows: int | None = None


class Run(Record):
    """The record. ``release`` is the candidate (published), or the newest one there was (otherwise)."""

    format: int = 1
    execution: str  # workflow execution
    job_execution: str  # Cloud Run execution that decided
    reason: str  # sync, sweep, deploy, retry
    outcome: Outcome
    release: str | None
    message: str
    loads: list[Load]  # admitted by this run
    models: str  # digest of the SQLMesh project it ran with
    audits: list[AuditOutcome]
    steps: list[Step] = Field(default_factory=list)
    started_at: AwareDatetime
    finished_at: AwareDatetime


class OffendingRows(Record):
    """The first rows that an audit complains of, each value as text. They may be personal: in no log, no run record."""

    model: str
    audit: str
    columns: list[str]
    rows: list[list[str | None]]


def write(ops: Bucket, environment: str, run: Run) -> None:
    """Record a run; where its execution is decided already this changes nothing."""
    value = run.model_dump(mode="json")
    objects.update(ops, _name(environment, run.execution), lambda old: old if _decided(old) else value)


def reject(ops: Bucket, environment: str, execution: str, message: str) -> None:
    """A published candidate that readers must not see after all; nothing where there is no record, or no candidate."""

    def rejected(value: Any) -> Any:
        if value is None or value["outcome"] != Outcome.PUBLISHED:
            return value
        return value | {"outcome": Outcome.REJECTED.value, "message": message}

    objects.update(ops, _name(environment, execution), rejected)


def read(ops: Bucket, environment: str, execution: str) -> Run | None:
    """The record of one workflow execution; None while its transform has not ended. A failure may yet change."""
    name = _name(environment, execution)
    value = objects.read(ops, name).value
    return None if value is None else Run.parse(value, name=name)


def write_offending(ops: Bucket, environment: str, execution: str, offending: list[OffendingRows]) -> None:
    """Keep the rows that audits of this execution complain of; a repeated run replaces them."""
    value = [rows.model_dump(mode="json") for rows in offending]
    objects.update(ops, f"offending/{environment}/{execution}.json", lambda _: value)


def offending(ops: Bucket, environment: str, execution: str) -> list[OffendingRows]:
    """The rows that audits of an execution complain of."""
    value = objects.read(ops, f"offending/{environment}/{execution}.json").value
    return [OffendingRows.model_validate(rows) for rows in value or []]


def get(ops: Bucket, environment: str, execution: str) -> Run:
    """As ``read``, but ``PermanentError`` where there is none."""
    run = read(ops, environment, execution)
    if run is None:
        raise PermanentError(f"run {execution} has no record in {environment}", hint="biaac runs")
    return run


def history(ops: Bucket, environment: str, *, limit: int) -> list[Run]:
    """The newest ``limit`` records, newest first."""
    blobs = sorted(ops.list_blobs(prefix=f"runs/{environment}/"), key=lambda blob: blob.updated, reverse=True)
    values = {blob.name: objects.read(ops, blob.name).value for blob in blobs[:limit]}
    return [Run.parse(value, name=name) for name, value in values.items() if value is not None]


def _decided(value: Any) -> bool:
    return value is not None and value["outcome"] != Outcome.FAILED


def _name(environment: str, execution: str) -> str:
    return f"runs/{environment}/{execution}.json"
