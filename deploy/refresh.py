"""A run of the refresh workflow for the deployment: new models publish at once, without waiting for new data."""

from biaac import clients, releases, runs, workflow
from biaac.errors import PermanentError
from biaac.runs import Outcome
from biaac.workflow import Workflow
from deploy.settings import DeploySettings


def run(settings: DeploySettings, *, seconds: int) -> None:
    """Start the workflow, follow it to its end, and see that what it published is what readers see."""
    refresh = Workflow(settings)
    name = refresh.start({"reason": "deploy"}, retry=workflow.RETRY)  # a second run finds nothing new
    execution = workflow.id_of(name)
    print(f"{settings.workflow}: started {execution}", flush=True)
    if error := workflow.error_of(refresh.wait(name, seconds=seconds)):
        raise PermanentError(f"run {execution} {error}", hint=f"biaac runs show {execution}")
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
