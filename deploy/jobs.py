"""Jobs and the workflow run to their end: what has to happen beside Superset's database and the lake."""

from biaac import cloud_run, releases, runs, workflow
from biaac.clients import storage_client
from biaac.errors import PermanentError
from biaac.runs import Outcome
from biaac.workflow import Workflow
from deploy import roll_back
from deploy.running import Running, deployed
from deploy.settings import DeploySettings


def run(settings: DeploySettings, name: str, arguments: list[str], *, seconds: int) -> None:
    """Run a job (``arguments`` instead of its own, if any) and wait for it; ``PermanentError`` when it failed."""
    execution = cloud_run.start(settings, name, arguments)  # two migrations at once are worse than a failed build
    print(f"{name}: started {execution.rpartition('/')[2]}", flush=True)
    ended = cloud_run.wait(settings, execution, seconds=seconds)
    if ended.error:
        raise PermanentError(f"job {name} failed: {ended.error}", hint=f"its log: {ended.log_uri}")
    print(f"{name}: done; log: {ended.log_uri}")


def dashboards(settings: DeploySettings, *, seconds: int) -> None:
    """The job ``superset-apply``; before the first release dashboards have nothing to show, and its run makes them."""
    if releases.current(storage_client(settings).bucket(settings.lake_bucket), settings.environment) is None:
        print("dashboards: no release yet; the run that publishes the first makes them")
        return
    run(settings, "superset-apply", [], seconds=seconds)


def models(settings: DeploySettings, *, seconds: int) -> None:
    """Where the transform is not the last good deployment's: its plan, then a run, so that new models publish."""
    good = roll_back.last_good(settings)
    now = Running(settings).get("jobs", "transform")
    if good and now and good.deployed["jobs"].get("transform") == deployed("jobs", now):
        print(f"models: as in the last good deployment, {good.revision}")
        return
    run(settings, "transform", ["--plan"], seconds=seconds)
    refresh(settings, seconds=seconds)


def refresh(settings: DeploySettings, *, seconds: int) -> None:
    """A run of the workflow to its end; readers see what it published."""
    refreshing = Workflow(settings)
    name = refreshing.start({"reason": "deploy"}, retry=workflow.RETRY)  # a second run has nothing new to do
    execution = workflow.id_of(name)
    print(f"{settings.workflow}: started {execution}", flush=True)
    details = f"biaac runs show {execution}"
    if error := workflow.error_of(refreshing.wait(name, seconds=seconds)):
        raise PermanentError(f"run {execution} {error}", hint=details)
    storage = storage_client(settings)
    run = runs.get(storage.bucket(settings.ops_bucket), settings.environment, execution)
    if run.outcome is Outcome.REJECTED:
        raise PermanentError(f"run {execution} was rejected: {run.message}", hint=details)
    if run.outcome is Outcome.PUBLISHED:
        pointer = releases.pointer(storage.bucket(settings.lake_bucket), settings.environment)
        seen = pointer.release if pointer else "no release"
        if seen != run.release and not (pointer and pointer.held):
            raise PermanentError(f"run {execution} published {run.release}, readers see {seen}", hint="biaac releases")
    print(f"{settings.workflow}: {run.outcome.value} {run.release or ''}")
