"""Starts a job: a connection runs one at a time, and compare-and-set on its claim decides which.

    gs://OPS/airbyte/claims/<connection> = {"job": id, "kind", "created_at"} | {"job": null}

The claim holds all that the job's record begins with. So a request that meets a claim without a record, or a record
without an execution, finishes what a dead request began. No clock decides anything here.
"""

from collections.abc import Mapping

from google.cloud.storage import Bucket

from biaac import cloud_run, connections, objects
from biaac.connections import Connection
from biaac.errors import BiaacError, LostRace, PermanentError
from ingestion import job_records
from ingestion.job_records import Job, Kind, Status
from ingestion.settings import Settings


class AlreadyRunning(BiaacError):
    """The connection has a job that has not ended: attach to that one."""

    status = 409

    def __init__(self, job: Job) -> None:
        super().__init__(f"A sync is already running for: {job.connection_id} (job {job.id}, {job.status})")


def start(settings: Settings, ops: Bucket, connection: Connection, kind: Kind) -> Job:
    """Claim the connection for a new job and start its execution; ``AlreadyRunning`` if another job holds it."""
    while True:
        claimed = objects.read(ops, _name(connection.name))
        if claimed.value is not None and claimed.value["job"] is not None:
            holder = settle(settings, ops, _recorded(ops, connection, claimed.value))
            if not _over(settings, holder):
                if holder.execution is None:
                    _launch(settings, ops, holder)
                raise AlreadyRunning(holder)
        claim = {"job": job_records.next_id(ops), "kind": kind.value, "created_at": job_records.text(job_records.now())}
        try:
            objects.replace(ops, _name(connection.name), claim, expected=claimed.generation)
        except LostRace:
            continue
        return _launch(settings, ops, _recorded(ops, connection, claim))


def settle(settings: Settings, ops: Bucket, job: Job) -> Job:
    """The job as it is: one whose execution has ended without concluding it has failed."""
    if not job.active or job.execution is None or not cloud_run.is_over(settings, job.execution):
        return job
    short = job.execution.rpartition("/")[2]
    return job_records.conclude(
        ops,
        job.id,
        Status.FAILED,
        message=f"execution {short} ended without concluding the job: it was killed or crashed; see its log",
    )


def cancel(settings: Settings, ops: Bucket, job: Job) -> Job:
    """Conclude the job as cancelled and stop its execution; what is committed stays."""
    cancelled = job_records.conclude(ops, job.id, Status.CANCELLED)
    if cancelled.status == Status.CANCELLED and cancelled.execution:
        cloud_run.cancel(settings, cancelled.execution)
    return cancelled


def release(ops: Bucket, job: Job) -> None:
    """Free the connection, if ``job`` still holds it."""
    objects.update(
        ops, _name(job.connection), lambda claim: {"job": None} if claim and claim["job"] == job.id else claim
    )


def _launch(settings: Settings, ops: Bucket, job: Job) -> Job:
    try:
        execution = cloud_run.start(
            settings, connections.sync_job(job.connection), ["--job", str(job.id)], twice_is_harmless=True
        )  # of two executions the one that is named in the record works (``sync``)
    except PermanentError as error:
        job_records.conclude(ops, job.id, Status.FAILED, message=error.message)
        raise
    return job_records.attach(ops, job.id, execution)


def _recorded(ops: Bucket, connection: Connection, claim: Mapping[str, object]) -> Job:
    """The record of the claiming job, made from the claim if there is none yet."""
    job = Job.model_validate(
        {
            "id": claim["job"],
            "connection": connection.name,
            "connection_id": connection.id,
            "kind": claim["kind"],
            "created_at": claim["created_at"],
            "updated_at": claim["created_at"],
        }
    )
    job_records.create(ops, job)
    return job_records.find(ops, job.id) or job


def _over(settings: Settings, job: Job) -> bool:
    """Whether the connection is free of ``job``; one that is cancelled may still run."""
    if job.active:
        return False
    return job.status != Status.CANCELLED or job.execution is None or cloud_run.is_over(settings, job.execution)


def _name(connection: str) -> str:
    return f"airbyte/claims/{connection}"
