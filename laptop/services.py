"""What the supervisor started on this machine, and what is wrong there: the command line shows it.

A check yields each thing that is wrong, and the command that mends it.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from biaac.settings import ROOT
from laptop import plan, processes
from stand_ins.eventarc.outbox import undelivered

ENVIRONMENTS = ("functions", "transform", "cache", "ingestion", "laptop", "superset")  # RUNTIME of the Makefile
LEAST_FREE = 2 * 2**30  # bytes: a first sync, its lake, its release and the cache's copy of it take about 1 GiB

Fault = tuple[str, str]


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
    return [ServiceState(**each, alive=processes.is_alive(each["pid"])) for each in _written().get("services", [])]


def refused_events() -> list[str]:
    """``bucket/object`` of each finalize event that was refused at least once or is dead, oldest first."""
    return [f"{event.bucket}/{event.object}" for event in undelivered(plan.DATA / "eventarc") if event.attempts]


def _environments() -> Iterator[Fault]:
    locks = sorted((ROOT / "connections/sources").glob("*/uv.lock"))
    for name in (*ENVIRONMENTS, *(f"source-{lock.parent.name.replace('_', '-')}" for lock in locks)):
        if not (plan.ENVIRONMENTS / name / ".ready").exists():
            yield f"environment {name} is missing or was not finished", "make setup"


def _services() -> Iterator[Fault]:
    listed = states()
    if not listed:
        yield "nothing runs on this machine", "make run"
    supervisor: int = _written().get("supervisor", 0)
    if supervisor and not processes.is_alive(supervisor):
        yield f"the supervisor (pid {supervisor}) is dead: nothing restarts what dies", "make run"
    for service in listed:
        if not service.alive:
            yield f"{service.name} (pid {service.pid}) is dead; its log: {service.log}", "make stop, then make run"
            if other := processes.holder(service.port):
                yield f"port {service.port} of {service.name} is in use by {other}", "stop it, then make run"


def _disk() -> Iterator[Fault]:
    free = shutil.disk_usage(plan.HOME).free
    if free < LEAST_FREE:
        yield f"{free / 2**30:.1f} GiB are free at {plan.HOME}, {LEAST_FREE / 2**30:.0f} are needed", "make clean"


def _events() -> Iterator[Fault]:
    if names := refused_events():
        yield f"{len(names)} events are undelivered, the oldest for {names[0]}", "read .biaac/logs/functions.log"


CHECKS = {
    "every environment is built": _environments,
    "every service runs": _services,
    "there is room on the disk": _disk,
    "no event is dead or refused": _events,
}


def _written() -> dict[str, Any]:
    file = plan.DATA / "services.json"
    value: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return value
