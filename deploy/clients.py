"""The Google clients only a deployment uses, made from settings as in ``biaac.clients``."""

from google.auth.credentials import AnonymousCredentials
from google.cloud import functions_v2, run_v2

from deploy.settings import DeploySettings


def services_client(settings: DeploySettings) -> run_v2.ServicesClient:
    """Cloud Run services."""
    if not settings.run_emulator:
        return run_v2.ServicesClient()
    return run_v2.ServicesClient(
        transport="rest",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": settings.run_emulator},
    )


def functions_client(settings: DeploySettings) -> functions_v2.FunctionServiceClient:
    """Cloud Run functions."""
    if not settings.functions_emulator:
        return functions_v2.FunctionServiceClient()
    return functions_v2.FunctionServiceClient(
        transport="rest",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": settings.functions_emulator},
    )
