"""``biaac sync``: start a sync now, or attach to the one that runs, and follow it to the dashboards."""

from typing import Annotated, Any

import httpx
import typer

from biaac import connections, identity, releases
from biaac.airbyte import Airbyte
from biaac.errors import PermanentError, TransientError
from cli import follow, secrets
from cli.session import Session, console

OUTSIDE = "in the cloud functions answer inside the project only: gcloud scheduler jobs run sync-NAME, then biaac runs"


def sync(name: Annotated[str, typer.Argument(help="A connection: a file of connections/, without .yaml.")]) -> None:
    """Sync one connection and follow it to the dashboards.

    Example: biaac sync shop
    """
    session = Session.open()
    connection = connections.get(session.settings.connections, name)
    if session.on_laptop and (missing := secrets.missing_of(session, connection)):
        raise PermanentError(f"connection {name}: {', '.join(missing)} not set", hint=f"biaac secrets set {missing[0]}")
    before = [job.id for job in Airbyte(session.settings).newest_jobs(name) if job.live]
    job_id = int(_ask(session.settings.sync_url, {"connection": name})["job"])
    if job_id in before:
        console.print(f"sync: job {job_id} of {name} runs already; what you have just changed waits for the next one")
    if follow.job(session, name, job_id).rows == 0:
        _ask(session.settings.sweep_url, {})  # no file, so no event; the models may have changed all the same
    execution = follow.start_of(session, name, job_id)
    if execution is not None:
        follow.refresh(session, execution)
    release = releases.current(session.lake, session.environment)
    if release is not None:
        as_of = f", data as of {release.data_as_of:%Y-%m-%d}" if release.data_as_of else ""
        rows = ", ".join(f"{table} {reference.rows:,}" for table, reference in sorted(release.tables.items()))
        console.print(f"[bold]release {release.id}[/]{as_of}\n  rows: {rows}")


def _ask(url: str, body: dict[str, str]) -> Any:
    """Ask a function, as Cloud Scheduler does; its answer. ``BiaacError`` with its own words if it refuses."""
    authorization = identity.authorization(url)
    headers = {"Authorization": authorization} if authorization else {}
    answer = httpx.post(url, json=body, headers=headers, timeout=60)
    if answer.status_code == 200:
        return answer.json()
    if answer.status_code in (401, 403, 404) and authorization:
        raise PermanentError(f"{url} lets nobody in from here: {answer.status_code}", hint=OUTSIDE)
    try:
        error, hint = answer.json()["error"], answer.json().get("hint")
    except (ValueError, LookupError, TypeError):  # not one of our functions' answers
        error, hint = f"{url} answered {answer.status_code}: {answer.text}", None
    if answer.status_code in (429, 503):
        raise TransientError(error, hint=hint or "the same command again")
    raise PermanentError(error, hint=hint or "biaac doctor")
