"""Stand-ins as real processes, each started by its one line, and a server that they call."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.workflows import executions_v1
from google.cloud.workflows.executions_v1.services.executions.transports import ExecutionsGrpcTransport

import stand_ins

FOLDER = Path(stand_ins.__file__).parents[1]  # where `python -m stand_ins...` works


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(fact: Callable[[], object], *, seconds: float = 300, what: str = "") -> None:
    """Ask for a fact until it is true; fail with its name when it never is."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if fact():
                return
        except (OSError, httpx.TransportError):
            pass
        time.sleep(0.02)  # a poll of a fact, bounded above
    raise AssertionError(f"not true after {seconds} s: {what or fact}")


class Process:
    """A stand-in on a port of its own, which can be killed and started again with the same arguments."""

    def __init__(self, module: str, arguments: list[str], *, port: int, log: Path) -> None:
        self.port = port
        self._line = [sys.executable, "-m", module, "--port", str(port), *arguments]
        self._log = log
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._line, cwd=FOLDER, stdout=log, stderr=log)
        wait_for(lambda: self._listens() or self._process.poll() is not None, seconds=60, what=" ".join(self._line))
        if self._process.poll() is not None:
            pytest.fail(f"{' '.join(self._line)}\n{self.output}")

    def _listens(self) -> bool:
        return socket.create_connection(("127.0.0.1", self.port), timeout=1).close() is None

    def kill(self) -> None:
        """What a crash does."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """SIGTERM, and its end."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=60)

    def restart(self) -> None:
        self.kill()
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        return self._log.read_text()


Start = Callable[..., Process]


def rest_client(kind: Any, url: str) -> Any:
    """A client of Google's over REST, unmodified but for its endpoint and credentials."""
    return kind(transport="rest", credentials=AnonymousCredentials(), client_options={"api_endpoint": url})


def executions_client(port: int) -> executions_v1.ExecutionsClient:
    """The client of workflow executions; it has no REST transport."""
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    return executions_v1.ExecutionsClient(transport=ExecutionsGrpcTransport(channel=channel))


@dataclass(frozen=True)
class Request:
    """What the receiver got; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """An HTTP server that stand-ins call; ``answer`` decides the status of each request."""

    url: str = ""
    answer: Callable[[Request], int] = lambda _: 200
    requests: list[Request] = field(default_factory=list)
