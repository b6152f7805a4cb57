"""Stand-ins as real processes, each started by its one line."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from biaac.settings import ROOT
from tests.conftest import wait_for


class Process:
    """A stand-in that can be killed and started again with the same arguments."""

    def __init__(self, module: str, arguments: list[str], *, ready_at: str, log: Path) -> None:
        self._line = [sys.executable, "-m", module, *arguments]
        self._ready_at = ready_at
        self._log = log
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._line, cwd=ROOT, stdout=log, stderr=log)
        try:
            wait_for(lambda: httpx.get(self._ready_at, timeout=1).is_success, what=f"{self._ready_at} answers")
        except AssertionError:
            pytest.fail(f"{' '.join(self._line)}\n{self._log.read_text()}")

    def kill(self) -> None:
        """What a crash does."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """What `make stop` does."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=30)

    def restart(self) -> None:
        self.kill()
        self.start()

    @property
    def output(self) -> str:
        return self._log.read_text()


Start = Callable[..., Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start ``python -m module arguments...``; whatever is started is stopped with the test."""
    started: list[Process] = []

    def starter(module: str, *arguments: object, ready_at: str) -> Process:
        log = tmp_path / f"{module}.log"
        process = Process(module, [str(argument) for argument in arguments], ready_at=ready_at, log=log)
        started.append(process)
        return process

    yield starter
    for process in started:
        process.stop()
