"""A fake cloud, a fake terraform, and the build's commands run as the build runs them."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.cloud.workflows import executions_v1 as api

from biaac.clients import storage_client
from biaac.runs import Outcome
from biaac.settings import ROOT
from deploy import functions_source, inputs, smoke
from deploy.settings import DeploySettings
from tests.component.deploy.cloud import Cloud, image
from tests.component.functions.executions_server import FakeExecutions, State
from tests.component.functions.published import record

Deploy = Callable[..., subprocess.CompletedProcess[str]]

TERRAFORM = """#!/bin/sh
echo "$@" >> "$CALLS"
exec sh -c "$APPLY"
"""


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    fake = Cloud()
    yield fake
    fake.server.shutdown()


class Deciding(FakeExecutions):
    """Executions that have ended at the first look, their transform's decision recorded."""

    def __init__(self) -> None:
        self._decision: tuple[DeploySettings, Outcome, str | None] | None = None
        super().__init__()

    def decides(self, settings: DeploySettings, outcome: Outcome, release: str | None) -> None:
        self._decision = settings, outcome, release
        self.created_as = State.SUCCEEDED

    def create(self, request: api.CreateExecutionRequest, context: Any) -> api.Execution:
        execution = super().create(request, context)
        if self._decision:
            settings, outcome, release = self._decision
            ops = storage_client(settings).bucket(settings.ops_bucket)
            record(ops, execution.name.rpartition("/")[2], outcome, release)
        return execution


@pytest.fixture
def executions() -> Iterator[Deciding]:
    fake = Deciding()
    yield fake
    fake.server.stop(None)


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """What the steps before left: the archive, and what was pushed (deployment 2)."""
    folder = tmp_path / "build"
    (folder).mkdir()
    archive = functions_source.write(folder / "functions.zip", {"main.py": b"2"})
    images = [
        f"{name} {image(name, 2)}" for name in ("cache", "ingestion", "superset", "transform", "connector-folder")
    ]
    (folder / "images.txt").write_text("\n".join(images) + "\n")
    (folder / "archive").write_text(archive)
    return folder


@pytest.fixture
def variables(
    environment: dict[str, str], cloud: Cloud, executions: Deciding, build: Path, tmp_path: Path
) -> dict[str, str]:
    """The environment of a step."""
    terraform = tmp_path / "terraform"
    terraform.write_text(TERRAFORM)
    terraform.chmod(0o755)
    return {
        **os.environ,
        **environment,
        "RUN_EMULATOR_HOST": cloud.address,
        "FUNCTIONS_EMULATOR_HOST": cloud.address,
        "WORKFLOWS_EMULATOR_HOST": executions.address,
        "BUILD_DIR": str(build),
        "TERRAFORM": str(terraform),
        "CALLS": str(tmp_path / "calls"),
        "APPLY": "true",
        "COMPANY_DIR": str(ROOT / "tests/company"),
        "REVISION": "two",
    }


@pytest.fixture
def deploy(variables: dict[str, str]) -> Deploy:
    """``deploy("apply", "--within", "60", APPLY="false")``: a command of the build, in its own environment."""
    subprocess.run([ROOT / "bin/environment", "deploy"], check=True)

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [ROOT / ".biaac/envs/deploy/bin/python", "-m", "deploy", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env={**variables, **more}, capture_output=True, text=True, timeout=120, check=False
        )

    return run


@pytest.fixture
def settings_of_step(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> DeploySettings:
    """The settings of a step, for what is prepared in this process."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return DeploySettings.load()


@pytest.fixture
def good(cloud: Cloud, settings_of_step: DeploySettings, build: Path) -> None:
    """Deployment 1 has been good; then an apply brought everything to deployment 2."""
    pushed = (build / "images.txt").read_text()
    archive = functions_source.digest(build / "functions.zip")
    cloud.deploy(1, archive)
    (build / "images.txt").write_text(pushed.replace(f"{2:064x}", f"{1:064x}"))
    one = settings_of_step.model_copy(update={"revision": "one"})
    inputs.write(one)
    smoke.test(one)
    (build / "images.txt").write_text(pushed)
    inputs.write(settings_of_step)
    cloud.deploy(2, archive)
    cloud.changes.clear()
