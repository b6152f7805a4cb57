"""What every command begins with: settings, buckets, and a way to print."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from google.cloud.storage import Bucket
from rich.console import Console

from biaac.clients import executions_client, storage_client
from biaac.settings import Settings

console = Console(highlight=False, soft_wrap=True)


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

    @cached_property
    def lake(self) -> Bucket:
        """Releases, ledger, lock."""
        return storage_client(self.settings).bucket(self.settings.lake_bucket)

    @cached_property
    def ops(self) -> Bucket:
        """Runs, markers, job records."""
        return storage_client(self.settings).bucket(self.settings.ops_bucket)

    @cached_property
    def executions(self) -> Any:
        """The Workflows Executions API."""
        return executions_client(self.settings)

    @property
    def workflow(self) -> str:
        """Full name of the refresh workflow."""
        return f"{self.settings.parent}/workflows/{self.settings.workflow}"

    def execution(self, execution_id: str) -> Any:
        """One workflow execution."""
        return self.executions.get_execution(name=f"{self.workflow}/executions/{execution_id}", timeout=20)

    def start_workflow(self, argument: dict[str, Any]) -> str:
        """Start the refresh workflow; the id of the execution."""
        from google.cloud.workflows import executions_v1

        execution = executions_v1.Execution(argument=json.dumps(argument))
        started = self.executions.create_execution(parent=self.workflow, execution=execution, timeout=20)
        return str(started.name).rpartition("/")[2]


def print_json(value: Any) -> None:
    """For scripts: one JSON document on standard output."""
    print(json.dumps(value, indent=1, default=str, ensure_ascii=False))
