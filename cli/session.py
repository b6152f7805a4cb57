"""What every command begins with: settings, buckets, and a way to print."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any
from urllib.parse import urlsplit

import requests
import typer
from google.cloud.storage import Bucket, Client
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from biaac.clients import storage_client
from biaac.errors import TransientError
from biaac.workflow import Workflow
from cli.settings import Settings

PROBE_S = 5  # the first word with storage; a healthy one answers in milliseconds, the cloud's in a tenth of a second
console = Console(highlight=False, soft_wrap=True)
Json = Annotated[bool, typer.Option("--json", help="For scripts.")]


@dataclass
class Session:
    """One command's view of an environment."""

    settings: Settings

    @classmethod
    def open(cls) -> "Session":
        """By the variables of this process; ``PermanentError`` names those that are missing."""
        return cls(Settings.load())

    @property
    def environment(self) -> str:
        """Whose releases and runs are meant."""
        return self.settings.environment

    @property
    def on_laptop(self) -> bool:
        """Whether Google's services are stand-ins: what only a laptop has (processes, files of the stack) is near."""
        return self.settings.storage_emulator is not None

    @cached_property
    def lake(self) -> Bucket:
        """Releases, ledger, lock."""
        return self._storage.bucket(self.settings.lake_bucket)

    @cached_property
    def ops(self) -> Bucket:
        """Runs, markers, job records."""
        return self._storage.bucket(self.settings.ops_bucket)

    @cached_property
    def _storage(self) -> Client:
        """A client whose server has answered once: its reads try again for minutes, too long for who waits here."""
        client = storage_client(self.settings)
        try:
            client.bucket(self.settings.ops_bucket).blob("airbyte/last_job").exists(timeout=PROBE_S, retry=None)
        except (requests.ConnectionError, requests.Timeout):
            address = self.settings.storage_emulator or "https://storage.googleapis.com"
            raise TransientError(f"storage does not answer at {address}", hint="make run") from None
        return client

    @cached_property
    def workflow(self) -> Workflow:
        """The refresh workflow."""
        return Workflow(self.settings)


def unanswered(error: Exception) -> str:
    """Which address did not answer, from what the clients of HTTP raise."""
    cause = getattr(error, "cause", None) or error  # google.api_core's RetryError carries the last failure
    request = getattr(cause, "request", None)
    if request is None:
        return f"a service does not answer: {cause}"
    url = urlsplit(str(request.url))
    return f"a service does not answer at {url.scheme}://{url.netloc} ({type(cause).__name__})"


def print_table(table: Table) -> None:
    """A table as wide as its cells: on a narrow terminal, or in a pipe, no id or date is cut."""
    unbounded = console.options.update(width=10_000)
    Console(width=Measurement.get(console, unbounded, table).maximum, highlight=False).print(table)


def print_json(value: Any) -> None:
    """For scripts: one JSON document on standard output."""
    print(json.dumps(value, indent=1, default=str, ensure_ascii=False))
