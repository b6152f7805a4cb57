"""Cloud Run jobs run to their end: what has to happen beside the private database, where no build can go."""

from biaac import cloud_run
from biaac.errors import PermanentError
from deploy.settings import DeploySettings


def run(settings: DeploySettings, name: str, arguments: list[str], *, seconds: int) -> None:
    """Run a job (``arguments`` instead of its own, if any) and wait for it; ``PermanentError`` when it failed."""
    execution = cloud_run.start(settings, name, arguments)  # two migrations at once are worse than a failed build
    print(f"{name}: started {execution.rpartition('/')[2]}", flush=True)
    ended = cloud_run.wait(settings, execution, seconds=seconds)
    if ended.error:
        raise PermanentError(f"job {name} failed: {ended.error}", hint=f"its log: {ended.log_uri}")
    print(f"{name}: done; log: {ended.log_uri}")
