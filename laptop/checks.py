"""What ``biaac doctor`` checks on a laptop only: each check yields what is wrong, and the command that mends it."""

import shutil
import socket
from collections.abc import Iterator

from biaac.settings import ROOT
from laptop import plan, services

ENVIRONMENTS = ("functions", "transform", "cache", "ingestion", "laptop", "superset")  # RUNTIME of the Makefile
LEAST_FREE = 2 * 2**30  # bytes: a first sync, its lake, its release and the cache's copy of it take about 1 GiB

Fault = tuple[str, str]


def environments() -> Iterator[Fault]:
    """Environments that are missing or half built."""
    sources = (f"source-{folder.parent.name}" for folder in (ROOT / "connections/sources").glob("*/uv.lock"))
    for name in (*ENVIRONMENTS, *sorted(sources)):
        if not (plan.ENVIRONMENTS / name / ".ready").exists():
            yield f"environment {name} is missing or was not finished", "make setup"


def processes() -> Iterator[Fault]:
    """Services that died, and ports that another program took."""
    states = services.states()
    if not states:
        yield "nothing runs on this machine", "make run"
        return
    if pid := services.dead_supervisor():
        yield f"the supervisor (pid {pid}) is dead: nothing restarts what dies", "make run"
    for service in states:
        if not service.alive:
            yield f"{service.name} (pid {service.pid}) is dead; its log: {service.log}", "make stop, then make run"
            if _is_taken(service.port):
                yield f"port {service.port} of {service.name} is another program's", f"lsof -i :{service.port}"


def disk() -> Iterator[Fault]:
    """Too little room."""
    free = shutil.disk_usage(plan.HOME).free
    if free < LEAST_FREE:
        yield f"{free / 2**30:.1f} GiB are free at {plan.HOME}, {LEAST_FREE / 2**30:.0f} are needed", "make clean"


def events() -> Iterator[Fault]:
    """Events that no function has taken."""
    if names := services.refused_events():
        yield f"{len(names)} events are undelivered, the oldest for {names[0]}", "read .biaac/logs/functions.log"


CHECKS = {
    "every environment is built": environments,
    "every service runs": processes,
    "there is room on the disk": disk,
    "no event is dead or refused": events,
}


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
