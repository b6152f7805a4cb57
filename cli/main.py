"""The command's root: mounts the nouns and turns errors into words and exit codes (0 ok, 1 failed, 2 usage)."""

import sys
import tomllib
from typing import Annotated

import httpx
import requests
import typer
from google.api_core.exceptions import GoogleAPICallError, RetryError
from rich.console import Console

from biaac.errors import BiaacError
from biaac.settings import ROOT
from cli import audits, connections, dashboards, demo, disconnect, doctor, query, releases, runs, secrets, status, sync
from cli.session import unanswered

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
app.command()(status.status)
app.command()(doctor.doctor)
app.command()(sync.sync)
app.add_typer(audits.app, name="audits")
app.command()(query.query)
app.command()(disconnect.disconnect)
app.add_typer(runs.app, name="runs")
app.add_typer(releases.app, name="releases")
app.add_typer(connections.app, name="connections")
app.add_typer(dashboards.app, name="dashboards")
app.add_typer(secrets.app, name="secrets")
app.add_typer(demo.app, name="demo")


def _print_version(given: bool) -> None:
    if given:
        print(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Business Intelligence as Code: what runs, what was published, and how to go back."""


def main() -> None:
    """Run a command; a failure that a person can mend ends without a traceback, with exit code 1."""
    try:
        app(prog_name="biaac")
    except BiaacError as error:
        _fail(str(error))
    except (httpx.TransportError, requests.ConnectionError, RetryError) as error:
        _fail(f"{unanswered(error)}\n  next: biaac doctor")
    except GoogleAPICallError as error:
        _fail(f"{error.message or error}\n  next: biaac doctor")


def _fail(message: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(message, style="red", markup=False)
    sys.exit(1)
