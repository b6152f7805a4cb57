"""The monitoring of a plan made by the real terraform, the services whose log lines it reads, and a stack with data."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from biaac.settings import ROOT
from tests.infrastructure import terraform
from tests.infrastructure.deployment import Deployment
from tests.stack import Stack

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


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text, f"{path}: {old}"
    path.write_text(text.replace(old, new, 1))


@pytest.fixture(scope="module")
def ready(stack: Stack) -> Stack:
    """A stack with a release: that of the end-to-end tests, or a week of the data where these tests run alone."""
    if stack.release() is None:
        edit(stack.root / "connections/grocery.yaml", "config:", "config:\n    through: 2017-01-07")
        stack.sync_by_schedule()
    return stack


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
