"""What the supervisor started on this machine, read from its files: the command line shows it."""

import json
from dataclasses import dataclass
from typing import Any

import psutil

from laptop import plan
from stand_ins.eventarc.outbox import undelivered


@dataclass(frozen=True)
class ServiceState:
    """A process that the supervisor started."""

    name: str
    pid: int
    port: int
    log: str
    alive: bool


def states() -> list[ServiceState]:
    """Every service that `make run` started; empty when no stack runs."""
    return [ServiceState(**each, alive=_is_alive(each["pid"])) for each in _written().get("services", [])]


def dead_supervisor() -> int | None:
    """The pid of a supervisor that left its services behind: nothing restarts them, and the next start stops them."""
    pid: int | None = _written().get("supervisor")
    return pid if pid is not None and not _is_alive(pid) else None


def refused_events() -> list[str]:
    """``bucket/object`` of each finalize event that was refused at least once or is dead, oldest first."""
    return [f"{event.bucket}/{event.object}" for event in undelivered(plan.DATA / "eventarc") if event.attempts]


def _written() -> dict[str, Any]:
    file = plan.DATA / "services.json"
    value: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return value


def _is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
