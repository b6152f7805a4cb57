"""``biaac dashboards``: check, plan and apply the files, in Superset's own environment by its own job."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import typer

from biaac import cloud_run
from biaac.errors import PermanentError
from cli.session import Session, console
from cli.settings import Settings

app = typer.Typer(help="Dashboards as files.", no_args_is_help=True)
JOB = "superset-apply"
JOB_S = 900


@app.command()
def validate() -> None:
    """Check every dashboard file against the current release; faults are named with file, line and value.

    Example: biaac dashboards validate
    """
    _run("--plan")
    console.print("every dashboard file is valid")


@app.command()
def plan() -> None:
    """Show what apply would change in Superset.

    Example: biaac dashboards plan
    """
    _print_changes(_run("--plan"))


@app.command()
def apply() -> None:
    """Make Superset equal to the files, and warm what changed.

    Example: biaac dashboards apply
    """
    _print_changes(_run())


def _run(*arguments: str) -> list[str]:
    settings = Session.open().settings
    return run_job(settings, JOB, *arguments, hint="mend the file, then biaac dashboards plan")


def run_job(settings: Settings, job: str, *arguments: str, hint: str) -> list[str]:
    """Run a job of Superset's environment to its end: the lines it printed. ``PermanentError`` has the last of them."""
    with console.status(f"{job}: running in Superset's environment"):
        execution = cloud_run.start(settings, job, list(arguments))
        ended = cloud_run.wait(settings, execution, seconds=JOB_S)
    lines = _log(ended.log_uri)
    if ended.error:
        last = "\n".join([line for line in lines if not line.startswith("{")][-12:])
        raise PermanentError(last or f"{job} failed: {ended.error}", hint=None if "next:" in last else hint)
    return lines


def _log(uri: str) -> list[str]:
    """What a job printed; in the cloud the log is a page for people, here a file."""
    address = urlsplit(uri)
    if address.scheme != "file":
        console.print(f"log: {uri}")
        return []
    return Path(address.path).read_text(errors="replace").splitlines()


def _print_changes(lines: list[str]) -> None:
    for change in [json.loads(line) for line in lines if line.startswith("{")]:
        if "changes" in change:
            counts = f"{change['changes']} changes, {change['warmed']} requests warmed"
            console.print(f"{counts} (release {change['release']})")
        elif "severity" not in change:  # Superset's log, on the same output
            console.print("  ".join(str(value) for value in change.values() if value), markup=False)
