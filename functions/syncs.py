"""Starting a sync: one job of a connection runs at a time, so to start is to start or to attach."""

import structlog

from biaac.airbyte import Airbyte, Job
from biaac.errors import TransientError

log = structlog.get_logger()


def start_or_attach(airbyte: Airbyte, connection: str) -> Job:
    """Start a sync of ``connection``, or find the job that is already running.

    409 means that one runs. No answer, or a 5xx, may mean that one has just been started: look, and attach to it;
    asking again would queue a second. When nothing runs, the failure is the caller's to repeat.
    """
    try:
        job = airbyte.start(connection)
    except TransientError as refused:
        job = _running(airbyte, connection, refused)
        log.info("attached to a running job", connection=connection, job=job.id, because=refused.message)
    else:
        log.info("sync started", connection=connection, job=job.id)
    return job


def _running(airbyte: Airbyte, connection: str, refused: TransientError) -> Job:
    for job in airbyte.newest_jobs(connection):
        if job.live and job.moves_data:
            return job
    raise refused
