"""Images built without an engine, once a session; a process of one, with the settings the cloud gives."""

import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.component.images.dockerfile import Builder, Image
from tests.conftest import free_port

Start = Callable[..., "Container"]


class Container:
    """A process of an image, and the port that stands for the one it exposes."""

    def __init__(self, builder: Builder, image: Image, command: list[str], variables: dict[str, str]) -> None:
        self.port = free_port()
        ours = {name: builder.here(value) for name, value in image.environment.items()}
        words = [word.replace(str(image.port), str(self.port)) if image.port else word for word in command]
        words[0] = str(builder.fs / "opt/venv/bin" / words[0])  # what PATH finds first
        self.log = builder.root / f"{image.entrypoint[-1].partition(':')[0]}-{self.port}.log"
        self.process = subprocess.Popen(
            words,
            cwd=builder.here(image.folder),
            env={**ours, **variables},
            stdout=self.log.open("wb"),
            stderr=subprocess.STDOUT,
        )

    def end(self) -> tuple[int, str]:
        """Exit code and output of one that ends by itself."""
        return self.process.wait(120), self.log.read_text()

    @property
    def listens(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@pytest.fixture(scope="session")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    repository = Path(__file__).parents[3]
    return Builder(repository, tmp_path_factory.mktemp("images"), compile_bytecode=False)


@pytest.fixture
def start(builder: Builder) -> Iterator[Start]:
    """``start(image, *arguments, **variables)``; ``command`` instead of ENTRYPOINT as a Cloud Run job has it."""
    started: list[Container] = []

    def start_one(image: Image, *arguments: str, command: list[str] | None = None, **variables: str) -> Container:
        container = Container(builder, image, [*(command or image.entrypoint), *arguments], variables)
        started.append(container)
        return container

    yield start_one
    for container in started:
        container.process.kill()
        container.process.wait()
