"""Google clients, each made from settings alone: the one place where a stand-in's address replaces the cloud's.

Imports are inside the functions: an environment holds only the clients its deployable uses.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from biaac.settings import Settings

if TYPE_CHECKING:
    from google.cloud import run_v2, scheduler_v1
    from google.cloud.workflows import executions_v1

Client = TypeVar("Client")


def client(kind: Callable[..., Client], stand_in: str | None) -> Client:
    """A client of the cloud, with this workload's own credentials, or of the stand-in at ``http://host:port``."""
    return kind(transport="rest", **_at(stand_in)) if stand_in else kind()


def storage_client(settings: Settings) -> storage.Client:
    """Cloud Storage. (By STORAGE_EMULATOR_HOST alone the library would still look for credentials.)"""
    return storage.Client(project=settings.project, **_at(settings.storage_emulator))


def executions_client(settings: Settings) -> "executions_v1.ExecutionsClient":
    """Workflow executions, over gRPC (the client has no REST transport in 1.24)."""
    from google.cloud.workflows import executions_v1
    from google.cloud.workflows.executions_v1.services.executions.transports import ExecutionsGrpcTransport

    if not settings.workflows_emulator:
        return executions_v1.ExecutionsClient()
    import grpc

    channel = grpc.insecure_channel(settings.workflows_emulator)
    return executions_v1.ExecutionsClient(transport=ExecutionsGrpcTransport(channel=channel))


def jobs_client(settings: Settings) -> "run_v2.JobsClient":
    """Cloud Run jobs."""
    from google.cloud import run_v2

    return client(run_v2.JobsClient, settings.run_emulator)


def job_executions_client(settings: Settings) -> "run_v2.ExecutionsClient":
    """Executions of Cloud Run jobs."""
    from google.cloud import run_v2

    return client(run_v2.ExecutionsClient, settings.run_emulator)


def scheduler_client(settings: Settings) -> "scheduler_v1.CloudSchedulerClient":
    """Cloud Scheduler."""
    from google.cloud import scheduler_v1

    return client(scheduler_v1.CloudSchedulerClient, settings.scheduler_emulator)


def _at(stand_in: str | None) -> dict[str, Any]:
    """Arguments that point a client at a stand-in, which asks nobody who calls; none for the cloud."""
    if not stand_in:
        return {}
    return {"credentials": AnonymousCredentials(), "client_options": {"api_endpoint": stand_in}}
