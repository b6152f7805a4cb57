"""Executions of the Cloud Run job ``ingest-<connection>``: started, asked after, cancelled."""

from collections.abc import Iterator
from contextlib import contextmanager

import requests
from google.api_core import exceptions, retry

from biaac import clients
from biaac.errors import PermanentError, TransientError
from ingestion.jobs import Job
from ingestion.settings import Settings

TIMEOUT_S = 20  # of one call
RETRY = retry.Retry(timeout=40, initial=0.5, maximum=5)  # an unavailable service; a second start is harmless (sync.py)


def job_name(settings: Settings, connection: str) -> str:
    """The Cloud Run job of a connection; its names have no underscore, a connection's no hyphen."""
    return f"{settings.parent}/jobs/ingest-{connection.replace('_', '-')}"


def start(settings: Settings, job: Job) -> str:
    """Run the connection's Cloud Run job for ``job``; the full name of the execution."""
    from google.cloud import run_v2

    override = run_v2.RunJobRequest.Overrides.ContainerOverride(args=["--job", str(job.id)])
    request = run_v2.RunJobRequest(
        name=job_name(settings, job.connection),
        overrides=run_v2.RunJobRequest.Overrides(container_overrides=[override]),
    )
    with _translated(request.name):
        operation = clients.jobs_client(settings).run_job(request=request, timeout=TIMEOUT_S, retry=RETRY)
        return str(operation.metadata.name)


def is_over(settings: Settings, execution: str) -> bool:
    """Whether an execution has ended, however; one that Cloud Run does not know any more has."""
    with _translated(execution):
        try:
            found = clients.job_executions_client(settings).get_execution(
                name=execution, timeout=TIMEOUT_S, retry=RETRY
            )
        except exceptions.NotFound:
            return True
        return bool(found.completion_time)


def cancel(settings: Settings, execution: str) -> None:
    """Ask Cloud Run to stop an execution; nothing if it has ended."""
    with _translated(execution):
        try:
            clients.job_executions_client(settings).cancel_execution(name=execution, timeout=TIMEOUT_S, retry=RETRY)
        except (exceptions.NotFound, exceptions.FailedPrecondition):
            return


@contextmanager
def _translated(name: str) -> Iterator[None]:
    """Cloud Run's errors as ours."""
    try:
        yield
    except (exceptions.ServerError, exceptions.TooManyRequests, exceptions.RetryError, requests.RequestException) as e:
        raise TransientError(f"Cloud Run does not answer for {name}: {e}") from e
    except exceptions.GoogleAPICallError as error:
        raise PermanentError(
            f"Cloud Run refuses {name}: {error.message}", hint="see that the job exists: biaac doctor"
        ) from error
