"""Google clients, each made from settings alone: the one place where a laptop's endpoint replaces the cloud's.

Imports are inside the functions: an environment holds only the clients its deployable uses.
"""

from typing import TYPE_CHECKING

from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from biaac.settings import Settings

if TYPE_CHECKING:
    from google.cloud import run_v2, scheduler_v1
    from google.cloud.workflows import executions_v1


def storage_client(settings: Settings) -> storage.Client:
    """Cloud Storage; the library itself follows STORAGE_EMULATOR_HOST, without credentials."""
    if settings.storage_emulator:
        return storage.Client(
            project=settings.project,
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": settings.storage_emulator},
        )
    return storage.Client(project=settings.project)


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

    if not settings.run_emulator:
        return run_v2.JobsClient()
    return run_v2.JobsClient(
        transport="rest",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": settings.run_emulator},
    )


def job_executions_client(settings: Settings) -> "run_v2.ExecutionsClient":
    """Executions of Cloud Run jobs."""
    from google.cloud import run_v2

    if not settings.run_emulator:
        return run_v2.ExecutionsClient()
    return run_v2.ExecutionsClient(
        transport="rest",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": settings.run_emulator},
    )


def scheduler_client(settings: Settings) -> "scheduler_v1.CloudSchedulerClient":
    """Cloud Scheduler."""
    from google.cloud import scheduler_v1

    if not settings.scheduler_emulator:
        return scheduler_v1.CloudSchedulerClient()
    return scheduler_v1.CloudSchedulerClient(
        transport="rest",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": settings.scheduler_emulator},
    )
