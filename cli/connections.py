"""``biaac connections``: check the files, and make Cloud Scheduler's jobs equal to them."""

import json
from typing import Annotated, Any

import typer
from google.api_core.exceptions import NotFound

from biaac import connections as files
from biaac.clients import scheduler_client
from biaac.connections import Connection
from biaac.errors import PermanentError
from cli.session import Session, console
from cli.settings import Settings

app = typer.Typer(help="Ingestion as files.", no_args_is_help=True)
PREFIX = "sync-"  # ours among the jobs of the project; Terraform owns the others
DEADLINE_S = 180  # a sync is started in seconds; three minutes is Scheduler's own default
COMPARED = ("schedule", "time_zone", "description", "http_target", "attempt_deadline")


@app.command()
def validate() -> None:
    """Check every connection file; faults are named with file, line, value and expectation.

    Example: biaac connections validate
    """
    found = files.load(Session.open().settings.connections)
    for name, connection in found.items():
        streams = ", ".join(stream.name for stream in connection.enabled_streams)
        console.print(f"{name}: well ({connection.schedule.cron} {connection.schedule.time_zone}; {streams})")


@app.command()
def apply(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Make the schedules of syncs equal to the files: create, update, delete; shows a plan first.

    Example: biaac connections apply
    """
    session = Session.open()
    client = scheduler_client(session.settings)
    wanted = {_name(session.settings, c.name): _job(session.settings, c) for c in _load(session)}
    there = {job.name: job for job in client.list_jobs(parent=session.settings.parent, timeout=20)}
    ours = {name: job for name, job in there.items() if name.rpartition("/")[2].startswith(PREFIX)}
    creates = [job for name, job in wanted.items() if name not in ours]
    updates = [job for name, job in wanted.items() if name in ours and _differs(job, ours[name])]
    deletes = [name for name in ours if name not in wanted]
    for sign, names in (("+", [j.name for j in creates]), ("~", [j.name for j in updates]), ("-", deletes)):
        for name in names:
            when = f"  {wanted[name].schedule} {wanted[name].time_zone}" if name in wanted else ""
            console.print(f"{sign} schedule {name.rpartition('/')[2]}{when}", markup=False)
    if not (creates or updates or deletes):
        console.print("schedules: nothing to change")
        return
    if not yes:
        typer.confirm("apply?", abort=True)
    for job in creates:
        client.create_job(parent=session.settings.parent, job=job, timeout=20)
    for job in updates:
        client.update_job(job=job, timeout=20)
    for name in deletes:
        try:
            client.delete_job(name=name, timeout=20)
        except NotFound:
            continue  # somebody else has
    console.print(f"schedules: {len(creates)} created, {len(updates)} updated, {len(deletes)} deleted")


def _load(session: Session) -> list[Connection]:
    return list(files.load(session.settings.connections).values())


def _name(settings: Settings, connection: str) -> str:
    return f"{settings.parent}/jobs/{PREFIX}{connection}"


def _job(settings: Settings, connection: Connection) -> Any:
    from google.cloud import scheduler_v1

    uri = settings.sync_url
    return scheduler_v1.Job(
        name=_name(settings, connection.name),
        description=connection.description,
        schedule=connection.schedule.cron,
        time_zone=connection.schedule.time_zone,
        attempt_deadline={"seconds": DEADLINE_S},
        http_target=scheduler_v1.HttpTarget(
            uri=uri,
            http_method=scheduler_v1.HttpMethod.POST,
            headers={"Content-Type": "application/json"},
            body=json.dumps({"connection": connection.name}).encode(),
            oidc_token=_identity(settings, uri),
        ),
    )


def _identity(settings: Settings, uri: str) -> dict[str, str] | None:
    """Whose token Cloud Scheduler sends; functions at http:// are the laptop's and ask for none."""
    if not uri.startswith("https://"):
        return None
    if settings.scheduler_account is None:
        raise PermanentError(
            f"{uri} asks who calls, and SCHEDULER_SERVICE_ACCOUNT is not set",
            hint="set it to the service account that may invoke the functions",
        )
    return {"service_account_email": settings.scheduler_account, "audience": uri}


def _differs(wanted: Any, found: Any) -> bool:
    """Whether a field of ours is not as the file says; headers that the service adds are its own."""
    if any(getattr(wanted, name) != getattr(found, name) for name in COMPARED if name != "http_target"):
        return True
    mine, other = wanted.http_target, found.http_target
    fields = ("uri", "http_method", "body", "oidc_token")
    return any(getattr(mine, name) != getattr(other, name) for name in fields)
