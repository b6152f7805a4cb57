"""The age of what readers see: one log line for each connection at each sweep, which alerts and the dashboard count.

A line says what the state is, not that it changed. So an alert lasts as long as its cause, and the next line makes
up for a lost one. The words and fields are an interface (terraform/modules/monitoring).
"""

import logging
from datetime import datetime

import structlog

from biaac.airbyte import Job
from biaac.connections import Connection
from biaac.releases import Release

SYNC_FAILED = "failed"  # Airbyte's word; a cancelled sync was a person's wish

log = structlog.get_logger()


def log_state(connection: Connection, release: Release | None, jobs: list[Job] | None, *, now: datetime) -> None:
    """Log the state of ``connection``: the age of its data in ``release``, and how its newest finished sync ended.

    The age counts from the end of the newest sync that readers see, so a sync whose release was rejected or is held
    back does not make anything fresh. ``jobs`` are newest first; None where Airbyte did not answer.
    """
    seen = [stream for stream in release.freshness if stream.connection == connection.name] if release else []
    synced_at = max((stream.synced_at for stream in seen), default=None)
    as_of = max((stream.data_as_of for stream in seen if stream.data_as_of), default=None)
    age = None if synced_at is None else now - synced_at
    state = connection.freshness.state(age)
    newest = next((job for job in jobs or [] if job.moves_data and not job.live), None)
    failed = newest is not None and newest.state == SYNC_FAILED
    log.log(
        logging.ERROR if state == "stale" else logging.WARNING if failed or state == "late" else logging.INFO,
        "connection looked at",
        connection=connection.name,
        freshness=state,
        age_s=None if age is None else int(age.total_seconds()),
        warn_after_s=int(connection.freshness.warn_after.total_seconds()),
        fail_after_s=int(connection.freshness.fail_after.total_seconds()),
        data_as_of=as_of.isoformat() if as_of else None,
        release=release.id if release else None,
        newest_sync=newest.state if newest else None,
        job=newest.id if newest else None,
    )
