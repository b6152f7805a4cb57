"""Starts a sync, or attaches to the one that runs: a connection runs one job at a time."""

import structlog

from biaac.airbyte import Airbyte, Job
from biaac.errors import TransientError

log = structlog.get_logger()


def start_or_attach(airbyte: Airbyte, connection: str) -> Job:
    """Start a sync of ``connection``, or find the job that is already running.

    409 means that a job runs. No response, or a 5xx, may mean that this call has started one: it is attached to, since
    a second call would queue a second sync. If no sync runs, the error is raised and the caller repeats.
    """
    try:
        job = airbyte.start(connection)
    except TransientError as error:
        running = next((job for job in airbyte.newest_jobs(connection) if job.live and job.moves_data), None)
        if running is None:
            raise
        log.info("attached to a running job", connection=connection, job=running.id, because=error.message)
        return running
    log.info("sync started", connection=connection, job=job.id)
    return job
