"""What is true now, as values: services of this machine, connections, release. ``status`` and ``doctor`` tell it."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import psutil

from biaac import connections, releases, runs
from biaac.airbyte import Airbyte, Job
from biaac.connections import Connection
from cli.session import Session
from laptop import plan as laptop
from stand_ins.eventarc.outbox import undelivered


@dataclass(frozen=True)
class ServiceState:
    """A process that the supervisor started."""

    name: str
    pid: int
    port: int
    log: str
    alive: bool


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


def services() -> list[ServiceState]:
    """What `make run` started on this machine; empty when nothing stands."""
    return [ServiceState(**each, alive=_alive(each["pid"])) for each in _plan().get("services", [])]


def dead_supervisor() -> int | None:
    """The pid of a supervisor that left its services behind: nothing restarts them, and the next start stops them."""
    pid: int | None = _plan().get("supervisor")
    return pid if pid is not None and not _alive(pid) else None


def _plan() -> dict[str, Any]:
    file = laptop.DATA / "services.json"
    plan: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return plan


def connections_now(session: Session) -> list[ConnectionState]:
    """Every connection of the files, with what Airbyte tells of it."""
    airbyte = Airbyte(session.settings)
    found = []
    for connection in connections.load(session.settings.connections).values():
        jobs = airbyte.newest_jobs(connection.name)
        synced = next((job for job in jobs if job.state == "succeeded"), None)
        age = datetime.now(UTC) - synced.started_at if synced else None
        found.append(ConnectionState(connection, jobs[0] if jobs else None, synced, age))
    return found


def current(session: Session) -> tuple[releases.Pointer | None, releases.Release | None]:
    """The pointer and the release readers see."""
    pointer = releases.pointer(session.lake, session.environment)
    return pointer, releases.read(session.lake, session.environment, pointer.release) if pointer else None


def last_run(session: Session) -> runs.Run | None:
    """The newest run record."""
    return next(iter(runs.history(session.ops, session.environment, limit=1)), None)


def undecided(session: Session, known: set[str], *, limit: int) -> list[Any]:
    """Of the newest workflow executions those without a run record: still running, or dead before they decided."""
    newest = session.executions.list_executions(request={"parent": session.workflow, "page_size": limit}, timeout=20)
    return [each for each in islice(newest, limit) if each.name.rpartition("/")[2] not in known]


def owed_events() -> list[str]:
    """Objects whose finalize event was refused at least once or is dead; only the laptop's stand-in can tell."""
    return [f"{event.bucket}/{event.object}" for event in undelivered(laptop.DATA / "eventarc") if event.attempts]


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
