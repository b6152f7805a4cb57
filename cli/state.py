"""What is true now of an environment, as values: connections, release, runs. ``status`` and ``doctor`` show it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from biaac import connections, releases, runs, workflow
from biaac.airbyte import Airbyte, Job
from biaac.connections import Connection
from cli.session import Session


@dataclass(frozen=True)
class ConnectionState:
    """A connection, its newest job, and how long ago one succeeded."""

    connection: Connection
    newest: Job | None
    synced: Job | None
    age: timedelta | None

    @property
    def freshness(self) -> str:
        """fresh, late, stale or never, by the tolerance of the file."""
        return self.connection.freshness.state(self.age)


def connections_now(session: Session) -> list[ConnectionState]:
    """Every connection of the files, with its jobs in Airbyte."""
    airbyte = Airbyte(session.settings)
    states = []
    for connection in connections.load(session.settings.connections).values():
        jobs = airbyte.newest_jobs(connection.name)
        synced = next((job for job in jobs if job.delivered), None)
        age = datetime.now(UTC) - synced.started_at if synced else None
        states.append(ConnectionState(connection, jobs[0] if jobs else None, synced, age))
    return states


def current(session: Session) -> tuple[releases.Pointer | None, releases.Release | None]:
    """The pointer and the release readers see."""
    pointer = releases.pointer(session.lake, session.environment)
    return pointer, releases.read(session.lake, session.environment, pointer.release) if pointer else None


def last_run(session: Session) -> runs.Run | None:
    """The newest run record."""
    return next(iter(runs.history(session.ops, session.environment, limit=1)), None)


def undecided(session: Session, known: set[str], *, limit: int) -> list[Any]:
    """Of the newest workflow executions those without a run record: still running, or dead before they decided."""
    return [each for each in session.workflow.newest(limit) if workflow.id_of(each.name) not in known]
