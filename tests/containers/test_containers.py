"""Every target of the Dockerfile, built by a container engine and started as its user."""

import os
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from pyarrow import flight

from tests.conftest import free_port, wait_for
from tests.containers.engine import Engine

Start = Callable[..., tuple[subprocess.Popen[str], int]]
WHO = "import os; print(os.getuid(), os.access('/app', os.W_OK), os.access('/opt/venv', os.W_OK))"


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = Engine(tmp_path_factory.mktemp("engine"))
    try:
        engine.make_base()
        yield engine
    finally:
        engine.close()


@pytest.fixture
def cloud(environment: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name != "PYTHONPATH"}


@pytest.fixture
def start(engine: Engine) -> Iterator[Start]:
    """``start(target, command, **variables)``: the process, and the port that stands for 8080."""
    started: list[subprocess.Popen[str]] = []

    def start_one(target: str, command: list[str], **variables: str) -> tuple[subprocess.Popen[str], int]:
        port = free_port()
        words = engine.command(target, [word.replace("8080", str(port)) for word in command], variables)
        process = subprocess.Popen(
            words,
            env={**os.environ, "STORAGE_DRIVER": "vfs"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process, port

    yield start_one
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, 9)
        process.wait()


def entrypoint(engine: Engine, start: Start, target: str) -> list[str]:
    """The command of a target that is built now, of which its user can change nothing."""
    config: dict[str, Any] = engine.build(target)
    assert config["User"] == "10001:10001"
    process, _ = start(target, ["python", "-c", WHO])
    assert process.communicate(timeout=600)[0].split() == ["10001", "False", "False"]
    words: list[str] = config["Entrypoint"]
    return words


@pytest.mark.timeout(900)
def test_cache(engine: Engine, start: Start, cloud: dict[str, str]) -> None:
    _, port = start("cache", entrypoint(engine, start, "cache"), **cloud)

    def answers() -> bool:
        try:
            with flight.connect(f"grpc://127.0.0.1:{port}") as client:
                return bool(list(client.do_action(flight.Action("status", b""))))
        except flight.FlightUnavailableError:
            return False

    wait_for(answers, what="the cache answers")


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("target", "path"), [("ingestion", "api/public/v1/health"), ("superset", "health")])
def test_a_web_server(engine: Engine, start: Start, cloud: dict[str, str], target: str, path: str) -> None:
    superset = {"SUPERSET_SECRET_KEY": "k" * 42, "SUPERSET_DATABASE_URL": "sqlite:////tmp/superset.db"}
    _, port = start(target, entrypoint(engine, start, target), **cloud, **superset)
    url = f"http://127.0.0.1:{port}/{path}"
    wait_for(lambda: httpx.get(url, timeout=60).is_success, what=f"{target} is healthy")


@pytest.mark.timeout(900)
def test_connector(engine: Engine, start: Start, cloud: dict[str, str]) -> None:
    command = entrypoint(engine, start, "connector")
    spec, _ = start("connector", ["/opt/connectors/source-grocery/bin/source-grocery", "spec"])
    assert '"SPEC"' in spec.communicate(timeout=600)[0]
    job, _ = start("connector", [*command, "--connection", "grocery", "--job", "1"], **cloud)
    assert "connection grocery has no job 1" in job.communicate(timeout=600)[0]


@pytest.mark.timeout(900)
def test_transform(engine: Engine, start: Start) -> None:
    command = entrypoint(engine, start, "transform")
    process, _ = start("transform", [*command, "--execution", "x", "--reason", "deploy"])
    assert "GOOGLE_CLOUD_PROJECT" in process.communicate(timeout=600)[0]
