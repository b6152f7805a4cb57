"""``biaac sync``: start a sync now, or attach to the one that runs, and follow it to the dashboards."""

from typing import Annotated

import httpx
import typer

from biaac import connections, releases
from biaac.errors import PermanentError, TransientError
from biaac.identity import token_for
from cli import follow
from cli.session import Session, console


def sync(name: Annotated[str, typer.Argument(help="A connection: a file of connections/, without .yaml.")]) -> None:
    """Sync one connection and follow it to the dashboards.

    Example: biaac sync grocery
    """
    session = Session.open()
    connections.get(session.settings.connections, name)
    job_id = _start(session, name)
    follow.job(session, name, job_id)
    execution = follow.start_of(session, name, job_id)
    if execution is not None:
        follow.refresh(session, execution)
    release = releases.current(session.lake, session.environment)
    if release is not None:
        as_of = f", data as of {release.data_as_of:%Y-%m-%d}" if release.data_as_of else ""
        rows = ", ".join(f"{table} {reference.rows:,}" for table, reference in sorted(release.tables.items()))
        console.print(f"[bold]release {release.id}[/]{as_of}\n  rows: {rows}")


def _start(session: Session, name: str) -> int:
    """Ask the function ``sync``, as Cloud Scheduler does; the job it started or attached to."""
    url = f"{session.settings.functions_url}/sync"
    headers = {"Authorization": f"Bearer {token_for(url)}"} if url.startswith("https://") else {}
    answer = httpx.post(url, json={"connection": name}, headers=headers, timeout=60)
    if answer.status_code in (429, 503):
        raise TransientError(f"{url} answered {answer.status_code}: {answer.text[:300]}", hint=f"biaac sync {name}")
    if answer.status_code != 200:
        raise PermanentError(f"{url} answered {answer.status_code}: {answer.text[:300]}", hint="biaac doctor")
    return int(answer.json()["job"])
