"""One job of one connection: what the Cloud Run job ``ingest-<connection>`` runs.

    python -m ingestion.sync --connection shop --job 17

Reads the connector into Bronze in up to three attempts, each continuing from what is committed. May be killed
anywhere and run again for the same job: rows may then be in Bronze twice (Airbyte's at-least-once), none is missing.
"""

import argparse
import gc
import logging
import signal
import sys
from types import FrameType

import structlog
from google.cloud.storage import Bucket

from biaac import cloud_run, connections, logs
from biaac.clients import storage_client
from biaac.errors import BiaacError, PermanentError
from ingestion import claims, job_records, stream_objects
from ingestion.attempts import Attempts, Stopped
from ingestion.job_records import Job, Kind, Status
from ingestion.settings import Settings
from ingestion.states import States

# Rows are trees that reference counts free; at Python's default of 700 the collector walks them all the time, which
# took a third of a sync. A batch is some 40,000 containers: this leaves the collector to real cycles.
GC_THRESHOLD = 200_000

log = structlog.get_logger()


def perform(settings: Settings, connection_name: str, job_id: int) -> bool:
    """Do the job, conclude it and free the connection; whether it is done (by this process or another)."""
    client = storage_client(settings)
    ops, bronze = client.bucket(settings.ops_bucket), client.bucket(settings.bronze_bucket)
    job = _take(settings, ops, connection_name, job_id)
    if job is None:
        return True
    attempts = None
    try:
        connection = connections.get(settings.connections, connection_name)
        if job.kind is Kind.SYNC:
            attempts = Attempts(settings, ops, bronze, connection, job)
            attempts.run()
        else:
            States.open(ops, connection.name).clear(connection, job.id)
            for stream in connection.streams:
                stream_objects.delete(stream_objects.of_stream(bronze, connection.name, stream.name))
    except Stopped as stopped:
        job = job_records.conclude(ops, job.id, Status.CANCELLED, message=str(stopped), **_counts(attempts))
    except BiaacError as error:
        lines = getattr(error, "log", [])
        job = job_records.conclude(ops, job.id, Status.FAILED, message=str(error), log=lines, **_counts(attempts))
    else:
        job = job_records.conclude(ops, job.id, Status.SUCCEEDED, message=None, log=[], **_counts(attempts))
    claims.release(ops, job)
    log.log(
        logging.ERROR if job.status is Status.FAILED else logging.INFO,
        "job is over",
        connection=connection_name,
        job=job.id,
        status=job.status.value,
        rows=job.rows,
        reason=job.message,
        warnings=job.warnings,
    )
    return job.status is Status.SUCCEEDED


def _counts(attempts: Attempts | None) -> dict[str, object]:
    return {} if attempts is None else attempts.counts()


def _take(settings: Settings, ops: Bucket, connection: str, job_id: int) -> Job | None:
    """The job, for this execution to do; None if it is concluded, or another execution does it.

    A lost response of Cloud Run can start two executions for one job. The one that the record names first has the job,
    until it ends without concluding it.
    """
    job = job_records.find(ops, job_id)
    if job is None or job.connection != connection:
        raise PermanentError(f"connection {connection} has no job {job_id}", hint=f"biaac sync {connection}")
    if job.active and settings.execution:
        mine = cloud_run.execution_name(settings, connections.sync_job(connection), settings.execution)
        job = job_records.attach(ops, job_id, mine)
        if job.execution != mine and job.execution and cloud_run.is_over(settings, job.execution):
            job = job_records.attach(ops, job_id, mine, instead_of=job.execution)
        if job.execution != mine:
            log.info("another execution has this job", job=job_id, execution=job.execution)
            return None
    if not job.active:
        log.info("the job has been concluded", job=job_id, status=job.status.value)
        return None
    return job


def _stop(signum: int, _frame: FrameType | None) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # what follows is cleaning up: it must not be cut short
    raise Stopped(f"stopped by {signal.Signals(signum).name}; what was committed stays")


def main() -> None:
    """Parse the command line, do the job; exit 0 when it is done, 1 when it is not, 2 when it can never be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connection", required=True, help="a file of connections/, without .yaml")
    parser.add_argument("--job", required=True, type=int, help="the id that POST /jobs gave")
    arguments = parser.parse_args()
    logs.configure()
    gc.set_threshold(GC_THRESHOLD)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    try:
        done = perform(Settings.load(), arguments.connection, arguments.job)
    except BiaacError as error:
        logs.log_error(error)
        sys.exit(2 if isinstance(error, PermanentError) else 1)
    sys.exit(0 if done else 1)


if __name__ == "__main__":
    main()
