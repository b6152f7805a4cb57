"""The Google clients that only a deployment uses, made as in ``biaac.clients``."""

from google.cloud import functions_v2, run_v2

from biaac.clients import client
from deploy.settings import DeploySettings


def services_client(settings: DeploySettings) -> run_v2.ServicesClient:
    """Cloud Run services."""
    return client(run_v2.ServicesClient, settings.run_emulator)


def functions_client(settings: DeploySettings) -> functions_v2.FunctionServiceClient:
    """Cloud Run functions."""
    return client(functions_v2.FunctionServiceClient, settings.functions_emulator)
