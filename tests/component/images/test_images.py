"""Each image holds what its program needs and starts with the settings the cloud gives; nothing else is in it."""

import json
import re
import subprocess
from pathlib import Path

import httpx
import pytest
from pyarrow import flight

from tests.component.images.conftest import Start
from tests.component.images.dockerfile import Builder, Image
from tests.component.images.imports import IMPORTS
from tests.conftest import wait_for

CONTAINERS = ("cache", "connector", "ingestion", "superset", "transform")


@pytest.fixture
def cloud(environment: dict[str, str]) -> dict[str, str]:
    """The variables of a workload, of a laptop's stand-ins where they are servers."""
    return {name: value for name, value in environment.items() if name != "PYTHONPATH"}


def missing(builder: Builder, image: Image, cloud: dict[str, str], folder: str) -> str:
    """What cannot be imported of what the files of ``folder`` import; empty when nothing is missing."""
    ours = {name: builder.here(value) for name, value in image.environment.items()}
    done = subprocess.run(
        [builder.fs / "opt/venv/bin/python", "-c", IMPORTS, folder],
        cwd=builder.fs / "app",
        env={**ours, **cloud},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr


def test_cache_listens_and_answers(builder: Builder, start: Start, cloud: dict[str, str]) -> None:
    image = builder.build("cache")
    assert missing(builder, image, cloud, "cache_service") == ""
    container = start(image, **cloud)
    wait_for(lambda: container.listens, what="the cache listens")
    with flight.connect(f"grpc://127.0.0.1:{container.port}") as client:
        status = json.loads(next(client.do_action(flight.Action("status", b""))).body.to_pybytes())
    assert isinstance(status, dict)


def test_ingestion_answers_its_health_check(builder: Builder, start: Start, cloud: dict[str, str]) -> None:
    image = builder.build("ingestion")
    assert missing(builder, image, cloud, "ingestion") == ""
    container = start(image, **cloud)
    wait_for(lambda: container.listens, what="the API listens")
    assert httpx.get(f"http://127.0.0.1:{container.port}/api/public/v1/health", timeout=20).is_success


def test_a_connector_says_what_it_is_and_its_job_finds_it(
    builder: Builder, start: Start, cloud: dict[str, str]
) -> None:
    image = builder.build("connector")
    program = builder.fs / "opt/connectors/source-grocery/bin/source-grocery"
    said = subprocess.run([program, "spec"], env={}, capture_output=True, text=True, check=True).stdout
    assert json.loads(said.splitlines()[-1])["type"] == "SPEC"
    code, output = start(image, "--connection", "grocery", "--job", "1", **cloud).end()
    assert (code, "connection grocery has no job 1" in output) == (1, True), output


def test_transform_asks_for_its_settings_by_name(builder: Builder, start: Start, cloud: dict[str, str]) -> None:
    image = builder.build("transform")
    assert missing(builder, image, {**cloud, "LAKE_STATE_DIR": str(builder.fs / "tmp/lake")}, "sqlmesh_project") == ""
    code, output = start(image, "--execution", "x", "--reason", "deploy").end()
    assert code != 0
    assert "GOOGLE_CLOUD_PROJECT" in output
    code, output = start(image, "--help", **cloud).end()
    assert code == 0, output


def test_superset_answers_its_health_check(
    builder: Builder, start: Start, cloud: dict[str, str], tmp_path: Path
) -> None:
    image = builder.build("superset")
    database = f"sqlite:///{tmp_path}/superset.db"
    container = start(image, **cloud, SUPERSET_SECRET_KEY="k" * 42, SUPERSET_DATABASE_URL=database)
    url = f"http://127.0.0.1:{container.port}/health"  # the port listens before Superset is there to answer
    wait_for(lambda: container.listens and httpx.get(url, timeout=10).text == "OK", seconds=240, what="it is healthy")


@pytest.mark.parametrize("name", CONTAINERS)
def test_nobody_is_root_and_nobody_needs_a_shell(builder: Builder, name: str) -> None:
    stages = builder.stages
    users, entry, stage = [], "", stages[name]
    while True:
        users += [rest for word, rest in stage.instructions if word == "USER"]
        entry = entry or next((rest for word, rest in stage.instructions if word == "ENTRYPOINT"), "")
        if stage.base not in stages:
            break
        stage = stages[stage.base]
    assert users == ["10001:10001"]
    assert json.loads(entry)[0] in {"python", "gunicorn"}
    assert re.fullmatch(r"python:3\.11\.\d+-slim-bookworm@sha256:[0-9a-f]{64}", stage.base)


@pytest.mark.parametrize("name", CONTAINERS)
def test_an_image_has_only_layers_made_elsewhere(builder: Builder, name: str) -> None:
    """No tool that builds and no cache of one can be in it: it runs nothing and copies from builders only."""
    stage = builder.stages[name]
    assert {word for word, _ in stage.instructions} <= {"ENV", "COPY", "EXPOSE", "ENTRYPOINT"}
    assert all(rest.startswith("--from=") for word, rest in stage.instructions if word == "COPY")


def test_hadolint_finds_nothing(repository: Path) -> None:
    hadolint = repository / ".biaac/envs/dev/bin/hadolint"
    done = subprocess.run([hadolint, repository / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
