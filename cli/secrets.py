"""``biaac secrets``: what connection files name as ``${secret:NAME}``; .env has it on a laptop, else Secret Manager."""

import base64
import os
import re
import sys
from typing import Annotated, Any

import typer
from dotenv import dotenv_values, set_key
from rich.table import Table

from biaac import connections
from biaac.connections import Connection
from biaac.errors import PermanentError, TransientError
from cli.session import Session, console, print_table

app = typer.Typer(help="Passwords and keys of sources.", no_args_is_help=True)
ADDRESS = "https://secretmanager.googleapis.com/v1"
PLACEHOLDER = "1"  # the version that Terraform makes, so that a job can start before anybody has set a value


@app.command()
def set(name: Annotated[str, typer.Argument(help="As a connection file names it: ${secret:NAME}.")]) -> None:
    """Store a secret: its value is asked for at a terminal, or else read from standard input.

    Example: biaac secrets set SHOP_PASSWORD
    """
    session = Session.open()
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
        raise PermanentError(
            f"{name!r} is no name of a secret", hint="biaac secrets set SHOP_PASSWORD: capitals, digits, _"
        )
    value = typer.prompt(name, hide_input=True) if sys.stdin.isatty() else sys.stdin.read().removesuffix("\n")
    if not value:
        raise PermanentError(f"no value for {name}", hint=f"biaac secrets set {name}, then type it")
    if session.on_laptop:
        file = session.settings.company / ".env"
        if file.exists():
            file.chmod(0o600)
        set_key(file, name, value)  # a new file is its owner's alone; git ignores it
    else:
        data = base64.b64encode(value.encode()).decode()
        if _ask(session, "POST", f"{name}:addVersion", {"payload": {"data": data}}) is None:
            hint = f"name it in a connection file as ${{secret:{name}}}, then deploy: Terraform makes it"
            raise PermanentError(f"secret {name} does not exist in project {session.settings.project}", hint=hint)
    console.print(f"{name} is set", markup=False)


@app.command("list")
def list_() -> None:
    """List every secret that a connection file names, and whether it is set.

    Example: biaac secrets list
    """
    session = Session.open()
    table = Table("secret", "connection", "set")
    for connection in connections.load(session.settings.connections).values():
        missing = missing_of(session, connection)
        for name in connections.secrets_of(connection):
            table.add_row(name, connection.name, "[red]no[/]" if name in missing else "yes")
    print_table(table)


@app.command()
def check() -> None:
    """Name every secret that is not set; exit 1 if there is one.

    Example: biaac secrets check
    """
    session = Session.open()
    declared = connections.load(session.settings.connections).values()
    if faults := {each.name: missing for each in declared if (missing := missing_of(session, each))}:
        message = "; ".join(f"connection {name}: {', '.join(missing)} not set" for name, missing in faults.items())
        raise PermanentError(message, hint=f"biaac secrets set {next(iter(faults.values()))[0]}")
    console.print("every secret is set")


def missing_of(session: Session, connection: Connection) -> list[str]:
    """The secrets of a connection that are not set, where its sync would look."""
    names = connections.secrets_of(connection)
    if session.on_laptop:
        values = {**dotenv_values(session.settings.company / ".env", interpolate=False), **os.environ}
        return [name for name in names if not values.get(name)]
    versions = {name: _ask(session, "GET", f"{name}/versions/latest") for name in names}
    return [name for name, version in versions.items() if not version or version["name"].endswith(f"/{PLACEHOLDER}")]


def _ask(session: Session, method: str, path: str, body: dict[str, Any] | None = None) -> Any | None:
    """Secret Manager's answer; None where it has no such secret."""
    import google.auth
    from google.auth.transport.requests import AuthorizedSession

    credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
    url = f"{ADDRESS}/projects/{session.settings.project}/secrets/{path}"
    answer = AuthorizedSession(credentials).request(method, url, json=body, timeout=20)
    if answer.status_code == 404:
        return None
    if answer.ok:
        return answer.json()
    kind = TransientError if answer.status_code in (429, 500, 503) else PermanentError
    raise kind(
        f"Secret Manager answers {answer.status_code}: {answer.text}", hint="gcloud auth application-default login"
    )
