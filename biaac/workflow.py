"""The refresh workflow: started and awaited.

workflow = Workflow(settings)
execution = workflow.start({"reason": "sync", "connection": "shop", "job": 17})
workflow.wait(execution, seconds=3600)
"""

import json
from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, Any

from google.api_core import exceptions
from google.api_core.retry import Retry

from biaac import waiting
from biaac.clients import executions_client
from biaac.errors import PermanentError
from biaac.settings import WorkflowSettings

if TYPE_CHECKING:
    from google.cloud.workflows import executions_v1

TIMEOUT_S = 20  # the API queues an execution, it does not run it
RETRY = Retry(timeout=60, initial=1, maximum=10)


class Workflow:
    """The workflow of one environment. An execution is named in full, or by the part that its logs call its id."""

    def __init__(self, settings: WorkflowSettings, *, client: "executions_v1.ExecutionsClient | None" = None) -> None:
        self.name = f"{settings.parent}/workflows/{settings.workflow}"
        self._client = client or executions_client(settings)

    def start(self, argument: dict[str, Any], *, retry: Retry | None = None) -> str:
        """Start an execution; its full name. Repeated by ``retry`` alone: a lost response may hide one that runs."""
        from google.cloud.workflows import executions_v1

        execution = executions_v1.Execution(argument=json.dumps(argument))
        try:
            started = self._client.create_execution(
                parent=self.name, execution=execution, timeout=TIMEOUT_S, retry=retry
            )
        except (exceptions.NotFound, exceptions.Forbidden, exceptions.InvalidArgument) as error:
            raise PermanentError(
                f"{self.name} cannot be started: {error.message}", hint="check that the workflow is deployed"
            ) from None
        return str(started.name)

    def execution(self, name: str) -> "executions_v1.Execution | None":
        """One execution; None where its history has expired."""
        full = name if "/" in name else f"{self.name}/executions/{name}"
        try:
            return self._client.get_execution(name=full, timeout=TIMEOUT_S)
        except exceptions.NotFound:
            return None

    def newest(self, limit: int) -> "list[executions_v1.Execution]":
        """The newest executions, newest first."""
        request = {"parent": self.name, "page_size": limit}
        return list(islice(self._client.list_executions(request=request, timeout=TIMEOUT_S), limit))

    def wait(
        self, name: str, *, seconds: float, watch: "Callable[[executions_v1.Execution], object] | None" = None
    ) -> "executions_v1.Execution":
        """Wait for an execution to end, and return it; ``watch`` sees it at every look.

        ``TransientError`` where it has not ended after ``seconds``, ``PermanentError`` where there is none.
        """

        def ended() -> "executions_v1.Execution | None":
            execution = self.execution(name)
            if execution is None:
                raise PermanentError(f"there is no run {id_of(name)}", hint="biaac runs")
            if watch:
                watch(execution)
            return None if is_live(execution) else execution

        return waiting.until(ended, seconds=seconds, what=f"run {id_of(name)} has ended", hint="biaac status")


def id_of(name: str) -> str:
    """The last part of an execution's name, by which run records and people call it."""
    return name.rpartition("/")[2]


def is_live(execution: "executions_v1.Execution") -> bool:
    """Whether an execution still runs, or waits to."""
    return execution.state.name in ("ACTIVE", "QUEUED")


def error_of(execution: "executions_v1.Execution") -> str | None:
    """Why an ended execution did not succeed, in one line; None where it did."""
    if execution.state.name == "SUCCEEDED":
        return None
    lines = (execution.error.context or execution.error.payload).splitlines()
    return f"{execution.state.name.lower()}: {lines[0] if lines else 'no reason given'}"
