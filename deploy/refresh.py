"""A run of the refresh workflow for the deployment: new models publish at once, without waiting for new data."""

import json

from google.api_core import retry
from google.cloud.workflows import executions_v1

from biaac import clients, releases, runs
from biaac.errors import PermanentError
from biaac.runs import Outcome
from deploy.settings import DeploySettings
from deploy.waiting import until

TIMEOUT_S = 20
RETRY = retry.Retry(timeout=60, initial=1, maximum=10)


def run(settings: DeploySettings, *, seconds: int) -> None:
    """Start the workflow, follow it to its end, and see that what it published is what readers see."""
    client = clients.executions_client(settings)
    argument = json.dumps({"reason": "deploy"})
    started = client.create_execution(
        parent=f"{settings.parent}/workflows/{settings.workflow}",
        execution=executions_v1.Execution(argument=argument),
        timeout=TIMEOUT_S,
        retry=RETRY,  # a second run finds nothing new
    )
    execution = str(started.name).rpartition("/")[2]
    print(f"{settings.workflow}: started {execution}", flush=True)

    def ended() -> bool:
        found = client.get_execution(name=started.name, timeout=TIMEOUT_S, retry=RETRY)
        return bool(found.state not in (executions_v1.Execution.State.ACTIVE, executions_v1.Execution.State.QUEUED))

    until(ended, seconds=seconds, what=f"workflow {settings.workflow} has ended")
    found = client.get_execution(name=started.name, timeout=TIMEOUT_S, retry=RETRY)
    if found.state is not executions_v1.Execution.State.SUCCEEDED:
        why = found.error.payload or found.error.context or "it says nothing"
        raise PermanentError(f"run {execution} {found.state.name.lower()}: {why}", hint=f"biaac runs show {execution}")
    _judge(settings, execution)


def _judge(settings: DeploySettings, execution: str) -> None:
    storage = clients.storage_client(settings)
    run = runs.get(storage.bucket(settings.ops_bucket), settings.environment, execution)
    if run.outcome is Outcome.REJECTED:
        raise PermanentError(f"run {execution} was rejected: {run.message}", hint=f"biaac runs show {execution}")
    if run.outcome is Outcome.PUBLISHED:
        pointer = releases.pointer(storage.bucket(settings.lake_bucket), settings.environment)
        seen = pointer.release if pointer else "no release"
        if seen != run.release and not (pointer and pointer.held):
            raise PermanentError(f"run {execution} published {run.release}, readers see {seen}", hint="biaac releases")
        print(f"{settings.workflow}: published {run.release}; readers see {seen}")
    else:
        print(f"{settings.workflow}: {run.outcome.value}")
