"""Cloud Run jobs: started, awaited, judged, cancelled.

    execution = cloud_run.start(settings, "superset-apply", ["--plan"])
    ended = cloud_run.wait(settings, execution, seconds=900)
    if ended.error: ...

Cloud Run's own errors come out as ``TransientError`` (it does not answer) or ``PermanentError`` (it refuses).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from google.api_core import exceptions, retry

from biaac import clients, waiting
from biaac.errors import PermanentError, TransientError
from biaac.settings import Settings

TIMEOUT_S = 20  # of one call; Cloud Run answers in milliseconds
RETRY = retry.Retry(timeout=60, initial=0.5, maximum=10)


@dataclass(frozen=True)
class Ended:
    """How an execution ended: ``error`` is None where it succeeded. ``log_uri`` is its log."""

    error: str | None
    log_uri: str


def execution_name(settings: Settings, job: str, execution: str) -> str:
    """The full name of an execution, from the two names that Cloud Run gives to its process."""
    return f"{settings.parent}/jobs/{job}/executions/{execution}"


def start(settings: Settings, job: str, arguments: list[str], *, twice_is_harmless: bool = False) -> str:
    """Start ``job``, with ``arguments`` instead of its own if there are any; the full name of the execution.

    The start is repeated only if ``twice_is_harmless``: a lost response may hide an execution that runs.
    """
    from google.cloud import run_v2

    override = run_v2.RunJobRequest.Overrides.ContainerOverride(args=arguments)
    request = run_v2.RunJobRequest(
        name=f"{settings.parent}/jobs/{job}",
        overrides=run_v2.RunJobRequest.Overrides(container_overrides=[override]) if arguments else None,
    )
    again = RETRY if twice_is_harmless else None
    with _translated(request.name):
        operation = clients.jobs_client(settings).run_job(request=request, timeout=TIMEOUT_S, retry=again)
        return str(operation.metadata.name)


def is_over(settings: Settings, execution: str) -> bool:
    """Whether an execution has ended, however; one that Cloud Run does not know any more has."""
    with _translated(execution):
        client = clients.job_executions_client(settings)
        try:
            return bool(client.get_execution(name=execution, timeout=TIMEOUT_S, retry=RETRY).completion_time)
        except exceptions.NotFound:
            return True


def wait(settings: Settings, execution: str, *, seconds: float) -> Ended:
    """Wait for an execution to end; ``TransientError`` where it has not after ``seconds``."""
    client = clients.job_executions_client(settings)
    job = execution.rpartition("/executions/")[0].rpartition("/")[2]

    def ended() -> Ended | None:
        with _translated(execution):
            now = client.get_execution(name=execution, timeout=TIMEOUT_S, retry=RETRY)
        if not now.completion_time:
            return None
        if now.succeeded_count and not now.failed_count and not now.cancelled_count:
            return Ended(None, now.log_uri)
        reasons = (condition.message for condition in now.conditions if condition.type_ == "Completed")
        return Ended(next(reasons, "") or "Cloud Run gives no reason", now.log_uri)

    return waiting.until(ended, seconds=seconds, what=f"job {job} has ended")


def cancel(settings: Settings, execution: str) -> None:
    """Ask Cloud Run to stop an execution; nothing if it has ended."""
    with _translated(execution):
        client = clients.job_executions_client(settings)
        try:
            client.cancel_execution(name=execution, timeout=TIMEOUT_S, retry=RETRY)
        except (exceptions.NotFound, exceptions.BadRequest):  # over REST FAILED_PRECONDITION is a plain 400
            if not is_over(settings, execution):
                raise


@contextmanager
def _translated(name: str) -> Iterator[None]:
    """Cloud Run's errors as ours."""
    try:
        yield
    except (exceptions.ServerError, exceptions.TooManyRequests, exceptions.RetryError, OSError) as error:
        raise TransientError(f"Cloud Run does not answer for {name}: {error}") from error
    except exceptions.GoogleAPICallError as error:
        raise PermanentError(
            f"Cloud Run refuses {name}: {error.message}", hint="see that the job exists: biaac doctor"
        ) from error
