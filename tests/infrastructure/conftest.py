"""One working folder for the session, one plan for each way to deploy, and checkov over a plan."""

import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.infrastructure import terraform, variants
from tests.infrastructure.deployment import Deployment
from tests.infrastructure.terraform import NotInstalledError, Workspace


@pytest.fixture(scope="session")
def providers() -> Iterator[dict[str, str]]:
    """The variables with which terraform finds the providers; fails with what to install where terraform is missing."""
    try:
        terraform.executable()
    except NotInstalledError as error:
        pytest.fail(str(error), pytrace=False)
    with terraform.standing_providers() as variables:
        yield variables


@pytest.fixture(scope="session")
def values(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Any]]:
    """The variables of a variant by its name, with an empty archive in place of what bin/functions-source makes."""
    path = tmp_path_factory.mktemp("source") / "functions.zip"
    zipfile.ZipFile(path, "w").close()
    return lambda name: variants.variables(name, source=path)


@pytest.fixture(scope="session")
def workspace(providers: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A copy of ``terraform/`` to plan in, initialised, with everything known that an apply would make."""
    connections = tmp_path_factory.mktemp("company") / "connections"
    variants.write_connections(connections)
    copy = Workspace.copy(tmp_path_factory.mktemp("plans") / "root", providers, connections)
    copy.init()
    return copy


@pytest.fixture(scope="session")
def deployments(workspace: Workspace, values: Callable[[str], dict[str, Any]]) -> Callable[[str], Deployment]:
    """What each variant would deploy, planned once."""
    planned: dict[str, Deployment] = {}

    def deployment(name: str) -> Deployment:
        if name not in planned:
            planned[name] = Deployment(workspace.plan(values(name)), values(name))
        return planned[name]

    return deployment


@pytest.fixture(params=variants.NAMES)
def cloud(request: pytest.FixtureRequest, deployments: Callable[[str], Deployment]) -> Deployment:
    return deployments(request.param)
