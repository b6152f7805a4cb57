"""Cloud Run jobs run to their end: what has to happen beside the private database, where no build can go."""

from google.cloud import run_v2

from biaac import clients
from biaac.errors import PermanentError
from deploy.running import RETRY, TIMEOUT_S
from deploy.settings import DeploySettings
from deploy.waiting import until


def run(settings: DeploySettings, name: str, arguments: list[str], *, seconds: int) -> None:
    """Run a job (``arguments`` instead of its own, if any) and wait for it; ``PermanentError`` when it failed."""
    overrides = run_v2.RunJobRequest.Overrides(
        container_overrides=[run_v2.RunJobRequest.Overrides.ContainerOverride(args=arguments)]
    )
    request = run_v2.RunJobRequest(name=f"{settings.parent}/jobs/{name}", overrides=overrides if arguments else None)
    # No retry: a lost answer may have started it, and two migrations at once are worse than a failed build.
    execution = str(clients.jobs_client(settings).run_job(request=request, timeout=TIMEOUT_S, retry=None).metadata.name)
    print(f"{name}: started {execution.rpartition('/')[2]}", flush=True)
    client = clients.job_executions_client(settings)

    def ended() -> bool:
        return bool(client.get_execution(name=execution, timeout=TIMEOUT_S, retry=RETRY).completion_time)

    until(ended, seconds=seconds, what=f"job {name} has ended")
    found = client.get_execution(name=execution, timeout=TIMEOUT_S, retry=RETRY)
    if not found.succeeded_count or found.failed_count or found.cancelled_count:
        why = next((c.message for c in found.conditions if c.type_ == "Completed"), "it says nothing")
        raise PermanentError(f"job {name} failed: {why}", hint=f"its log: {found.log_uri}")
    print(f"{name}: done; log: {found.log_uri}")
