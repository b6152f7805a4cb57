"""The monitoring of a plan made by the real terraform, and the services whose log lines it reads."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from biaac.settings import ROOT
from tests.infrastructure import terraform
from tests.infrastructure.deployment import Deployment

RUNBOOKS_URL = "https://github.com/acme/analytics/blob/main/docs/runbooks"
WATCHED = {
    "cache": "cache",
    "event_subscription": "eventarc-europe-west1-bronze-finalized-sub-042",
    "superset": "superset",
    "superset_refresh": "superset-refresh",
    "sweep": "sweep",
    "transform": "transform",
    "workflow": "refresh",
}
MONITORING: dict[str, Any] = {
    "project_id": "acme-analytics",
    "operators": ["data@example.com", "ops@example.com"],
    "runbooks_url": RUNBOOKS_URL,
    "watched": WATCHED,
}


@pytest.fixture(scope="session")
def module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[terraform.Workspace]:
    """The module monitoring alone, ready to be planned."""
    folder = tmp_path_factory.mktemp("operations") / "monitoring"
    shutil.copytree(ROOT / "terraform/modules/monitoring", folder, ignore=terraform.LEFT_OVERS)
    configuration = terraform.cli_configuration()
    terraform.Workspace(folder, configuration).init()
    with terraform.standing_providers(configuration, {}) as variables:  # one process for all plans
        yield terraform.Workspace(folder, configuration, variables)


@pytest.fixture(scope="session")
def monitoring(module: terraform.Workspace) -> Deployment:
    """Everything the module would make."""
    return Deployment(module.plan(MONITORING), MONITORING)
