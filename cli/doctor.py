"""``biaac doctor``: each thing that is wrong, and the command that mends it."""

from collections.abc import Callable, Iterator

import httpx
import requests
import typer
from google.api_core.exceptions import GoogleAPICallError, RetryError
from rich.markup import escape

from biaac import connections, runs, workflow
from biaac.errors import BiaacError
from cli import query, state
from cli.session import Session, console, unanswered

Fault = tuple[str, str]  # what is wrong, and the command that mends it
Check = Callable[[], Iterator[Fault]]


def doctor() -> None:
    """Check the whole stack; exit 1 if anything is wrong.

    Example: biaac doctor
    """
    shown: set[Fault] = set()
    for label, check in _checks(Session.open()).items():
        with console.status(label):
            faults = _faults(check)
        if not faults:
            console.print(f"[green]✓[/] {label}")
        for fault, mend in faults:
            if (fault, mend) not in shown:  # storage that is down fails more than one check
                shown.add((fault, mend))
                console.print(f"[red]✗[/] {escape(fault)}\n  next: {escape(mend)}")
    if shown:
        raise typer.Exit(1)


def _checks(session: Session) -> dict[str, Check]:
    """Every check by the sentence that is true when it yields nothing; those of a laptop only on a laptop."""
    checks: dict[str, Check] = {}
    if session.on_laptop:
        from laptop.services import CHECKS

        checks.update(CHECKS)
    return checks | {
        "every connection file is valid, and no source is stale": lambda: sources(session),
        "no release is missing or held": lambda: release(session),
        "the last run was not rejected and did not fail": lambda: last_run(session),
        "the cache service answers for the release readers see": lambda: answers(session),
        "Superset answers": lambda: dashboards(session),
    }


def _faults(check: Check) -> list[Fault]:
    """What a check yields; one that cannot be made is a fault itself."""
    try:
        return list(check())
    except BiaacError as error:
        return [(error.message, error.hint or "make run")]
    except (httpx.TransportError, requests.ConnectionError, RetryError) as error:
        return [(unanswered(error), "make run")]
    except GoogleAPICallError as error:
        return [(f"a service does not answer: {error.message or error}", "make run")]


def sources(session: Session) -> Iterator[Fault]:
    """Connections whose last sync failed or is too long ago."""
    for each in state.connections_now(session):
        if each.freshness == "stale":
            yield f"{each.connection.name} was last synced {each.age} ago", f"biaac sync {each.connection.name}"
        if each.newest and each.newest.state == "failed":
            yield f"job {each.newest.id} of {each.connection.name} failed", f"biaac sync {each.connection.name}"


def release(session: Session) -> Iterator[Fault]:
    """No release though there are connections, or one that is held."""
    pointer, current = state.current(session)
    if current is None and connections.load(session.settings.connections):
        yield "there is no release yet", "biaac sync NAME"
    if pointer and pointer.held:
        yield f"{pointer.held.by} holds the release: {pointer.held.reason}", "biaac releases resume"


def last_run(session: Session) -> Iterator[Fault]:
    """A newest run that was rejected, or failed at any step."""
    run = state.last_run(session)
    rejected = run.execution if run and run.outcome is runs.Outcome.REJECTED else None
    for execution in session.workflow.newest(1):
        name, error = workflow.id_of(execution.name), workflow.error_of(execution)
        if error and not workflow.is_live(execution) and name != rejected:
            yield f"run {name} {error}", f"biaac runs show {name}"
    if run and rejected:
        yield f"run {rejected} was rejected: {run.message}", f"biaac runs show {rejected}"


def answers(session: Session) -> Iterator[Fault]:
    """A cache service that refuses a query or is gone."""
    try:
        query.ask(session.settings.cache_url, "SELECT 1", None)
    except BiaacError as error:
        yield error.message, "make run"


def dashboards(session: Session) -> Iterator[Fault]:
    """A Superset that answers with an error."""
    response = httpx.get(f"{session.settings.superset_url}/health", timeout=30)
    if not response.is_success:
        yield f"{session.settings.superset_url} answers {response.status_code}", "make run"
