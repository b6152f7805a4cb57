"""``biaac doctor``: each thing that is wrong, and the command that mends it."""

import shutil
import socket
from collections.abc import Callable, Iterator

import httpx
import requests
import typer
from google.api_core.exceptions import GoogleAPICallError, RetryError
from rich.markup import escape

from biaac import runs
from biaac.errors import BiaacError
from biaac.settings import ROOT
from cli import query, state
from cli.session import Session, console, unanswered
from laptop import plan as laptop

ENVIRONMENTS = ("functions", "transform", "cache", "ingestion", "laptop", "superset")  # RUNTIME of the Makefile
LEAST_FREE = 2 * 2**30  # bytes: a first sync, its lake, its release and the cache's copy of it take about 1 GiB


def doctor() -> None:
    """Check the whole stack; exit 1 if anything is wrong.

    Example: biaac doctor
    """
    session = Session.open()
    told: set[Fault] = set()
    for check in CHECKS:
        with console.status(check.__name__):
            faults = list(_faults(check, session))
        if not faults:
            console.print(f"[green]✓[/] {(check.__doc__ or '').strip().rstrip('.')}")
        for fault, mend in faults:
            if (fault, mend) not in told:  # storage that is down fails more than one check
                told.add((fault, mend))
                console.print(f"[red]✗[/] {escape(fault)}\n  next: {escape(mend)}")
    if told:
        raise typer.Exit(1)


Fault = tuple[str, str]


def _faults(check: "Callable[[Session], Iterator[Fault]]", session: Session) -> Iterator[Fault]:
    """What a check finds; one that cannot be made is a fault itself."""
    try:
        yield from check(session)
    except BiaacError as error:
        yield error.message, error.hint or "make run"
    except (httpx.TransportError, requests.ConnectionError, RetryError) as error:
        yield unanswered(error), "make run"
    except GoogleAPICallError as error:
        yield f"a service does not answer: {error.message or error}", "make run"


def environments(_: Session) -> Iterator[Fault]:
    """Every environment is built."""
    sources = (f"source-{folder.parent.name}" for folder in (ROOT / "connections/sources").glob("*/uv.lock"))
    for name in (*ENVIRONMENTS, *sorted(sources)):
        if not (laptop.ENVIRONMENTS / name / ".ready").exists():
            yield f"environment {name} is missing or was not finished", "make setup"


def processes(_: Session) -> Iterator[Fault]:
    """Every service runs."""
    services = state.services()
    if not services:
        yield "nothing runs on this machine", "make run"
        return
    if pid := state.dead_supervisor():
        yield f"the supervisor (pid {pid}) is dead: nothing restarts what dies", "make run"
    for service in services:
        if not service.alive:
            yield f"{service.name} (pid {service.pid}) is dead; its log: {service.log}", "make stop, then make run"
            if _taken(service.port):
                yield f"port {service.port} of {service.name} is another program's", f"lsof -i :{service.port}"


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def disk(_: Session) -> Iterator[Fault]:
    """There is room on the disk."""
    free = shutil.disk_usage(laptop.HOME).free
    if free < LEAST_FREE:
        yield f"{free / 2**30:.1f} GiB are free at {laptop.HOME}, {LEAST_FREE / 2**30:.0f} are needed", "make clean"


def files(session: Session) -> Iterator[Fault]:
    """Every connection file is well, and no source is stale."""
    for each in state.connections_now(session):
        if each.freshness == "stale":
            yield f"{each.connection.name} was last synced {each.age} ago", f"biaac sync {each.connection.name}"
        if each.newest and each.newest.state == "failed":
            yield f"job {each.newest.id} of {each.connection.name} failed", f"biaac sync {each.connection.name}"


def release(session: Session) -> Iterator[Fault]:
    """Readers see a release, and it is the newest."""
    pointer, current = state.current(session)
    if current is None:
        yield "there is no release yet", "biaac sync NAME"
    if pointer and pointer.held:
        yield f"{pointer.held.by} holds the release: {pointer.held.reason}", "biaac releases resume"


def last_run(session: Session) -> Iterator[Fault]:
    """The last run was neither rejected nor died."""
    run = state.last_run(session)
    for execution in state.undecided(session, {run.execution} if run else set(), limit=1):
        if execution.state.name not in ("ACTIVE", "QUEUED"):
            died = execution.name.rpartition("/")[2]
            yield f"run {died} {execution.state.name.lower()} before it decided", f"biaac runs show {died}"
    if run is not None and run.outcome is runs.Outcome.REJECTED:
        yield f"run {run.execution} was rejected: {run.message}", f"biaac runs show {run.execution}"


def events(_: Session) -> Iterator[Fault]:
    """No event is dead or refused."""
    if found := state.owed_events():
        yield f"{len(found)} events are undelivered, the oldest for {found[0]}", "read .biaac/logs/functions.log"


def answers(session: Session) -> Iterator[Fault]:
    """The cache service answers for the release readers see."""
    import adbc_driver_manager

    try:
        query.ask(session.settings.cache_url, "SELECT 1", None)
    except adbc_driver_manager.Error as error:
        yield f"{session.settings.cache_url}: {query.reason(error)}", "make run"


def dashboards(session: Session) -> Iterator[Fault]:
    """Superset answers."""
    if not httpx.get(f"{session.settings.superset_url}/health", timeout=30).is_success:
        yield f"{session.settings.superset_url} does not answer well", "make run"


CHECKS: tuple[Callable[[Session], Iterator[Fault]], ...] = (
    environments,
    processes,
    disk,
    files,
    release,
    last_run,
    events,
    answers,
    dashboards,
)
