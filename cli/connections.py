"""``biaac connections``: check the files, and make Cloud Scheduler's jobs equal to them."""

import contextlib
import json
from collections import Counter
from typing import Annotated, Any, NamedTuple

import typer
from google.api_core.exceptions import NotFound

from biaac import company
from biaac import connections as files
from biaac.clients import scheduler_client
from biaac.connections import Connection
from biaac.errors import PermanentError
from cli.session import Session, console
from cli.settings import Settings

app = typer.Typer(help="Ingestion as files.", no_args_is_help=True)
PREFIX = "sync-"  # ours among the jobs of the project; Terraform owns the others
DEADLINE_S = 180  # a sync is started in seconds; three minutes is Scheduler's own default
SIGNS = {"created": "+", "updated": "~", "deleted": "-"}


@app.command()
def validate() -> None:
    """Check every connection file; faults are named with file, line, value and expectation.

    Example: biaac connections validate
    """
    settings = Session.open().settings
    for name, connection in files.load(settings.connections).items():
        streams = ", ".join(stream.name for stream in connection.enabled_streams)
        console.print(f"{name}: valid ({connection.schedule.cron} {connection.schedule.time_zone}; {streams})")
    if step := company.next_step(settings.company):
        console.print(f"next: {step}")


@app.command()
def apply(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Make the laptop's schedules of syncs equal to the files: create, update, delete; shows a plan first.

    Example: biaac connections apply
    """
    session = Session.open()
    settings = session.settings
    if not session.on_laptop:
        raise PermanentError("in the cloud Terraform makes the schedules of connections/*.yaml", hint="docs/deploy.md")
    client = scheduler_client(settings)
    changes = _changes(settings, client)
    if not changes:
        console.print("schedules: nothing to change")
        return
    for change in changes:
        when = f"  {change.job.schedule} {change.job.time_zone}" if change.job else ""
        console.print(f"{SIGNS[change.verb]} schedule {change.name.rpartition('/')[2]}{when}", markup=False)
    if not yes:
        typer.confirm("apply?", abort=True)
    for change in changes:
        if change.verb == "created":
            client.create_job(parent=settings.parent, job=change.job, timeout=20)
        elif change.verb == "updated":
            client.update_job(job=change.job, timeout=20)
        else:
            with contextlib.suppress(NotFound):  # somebody else has deleted it
                client.delete_job(name=change.name, timeout=20)
    counts = Counter(change.verb for change in changes)
    console.print("schedules: " + ", ".join(f"{counts[verb]} {verb}" for verb in SIGNS))


class Change(NamedTuple):
    """One job of Cloud Scheduler that differs from the files."""

    verb: str  # one of SIGNS
    name: str
    job: Any | None = None  # as the files declare it; None: no file does


def _changes(settings: Settings, client: Any) -> list[Change]:
    declared = [_job(settings, connection) for connection in files.load(settings.connections).values()]
    jobs = {job.name: job for job in client.list_jobs(parent=settings.parent, timeout=20)}
    missing = [Change("created", job.name, job) for job in declared if job.name not in jobs]
    differ = [job for job in declared if job.name in jobs and _compared(job) != _compared(jobs[job.name])]
    ours = {name for name in jobs if name.rpartition("/")[2].startswith(PREFIX)}
    gone = sorted(ours - {job.name for job in declared})
    return [
        *missing,
        *(Change("updated", job.name, job) for job in differ),
        *(Change("deleted", name) for name in gone),
    ]


def _compared(job: Any) -> list[Any]:
    """What we set; headers that the service adds are its own."""
    target = job.http_target
    ours = [job.schedule, job.time_zone, job.description, job.attempt_deadline]
    return [*ours, target.uri, target.http_method, target.body]


def _job(settings: Settings, connection: Connection) -> Any:
    from google.cloud import scheduler_v1

    return scheduler_v1.Job(
        name=f"{settings.parent}/jobs/{PREFIX}{connection.name}",
        description=connection.description,
        schedule=connection.schedule.cron,
        time_zone=connection.schedule.time_zone,
        attempt_deadline={"seconds": DEADLINE_S},
        http_target=scheduler_v1.HttpTarget(
            uri=settings.sync_url,
            http_method=scheduler_v1.HttpMethod.POST,
            headers={"Content-Type": "application/json"},
            body=json.dumps({"connection": connection.name}).encode(),
        ),
    )
