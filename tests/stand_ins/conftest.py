"""Stand-ins as real processes, each started by its one line."""

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from biaac.settings import ROOT
from tests.conftest import free_port, wait_for


class Process:
    """A stand-in on a port of its own, which can be killed and started again with the same arguments."""

    def __init__(self, module: str, arguments: list[str], *, port: int, log: Path) -> None:
        self.port = port
        self._line = [sys.executable, "-m", module, "--port", str(port), *arguments]
        self._log = log
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._line, cwd=ROOT, stdout=log, stderr=log)
        try:
            wait_for(lambda: socket.create_connection(("127.0.0.1", self.port), timeout=1).close() is None)
        except AssertionError:
            pytest.fail(f"{' '.join(self._line)}\n{self.output}")

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
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        return self._log.read_text()


Start = Callable[..., Process]


def _starter(folder: Path) -> Iterator[Start]:
    started: list[Process] = []

    def start(module: str, *arguments: object, port: int = 0) -> Process:
        port = port or free_port()
        log = folder / f"{module}.{port}.log"
        process = Process(module, [str(argument) for argument in arguments], port=port, log=log)
        started.append(process)
        return process

    yield start
    for process in started:
        process.stop()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """``python -m module --port P arguments...``, stopped with the test."""
    yield from _starter(tmp_path)


@pytest.fixture(scope="module")
def start_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """As ``start``, for all tests of a module."""
    yield from _starter(tmp_path_factory.mktemp("processes"))


@dataclass(frozen=True)
class Request:
    """What the receiver was asked; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """An HTTP server outside the product; ``answer`` decides the status of each request."""

    url: str = ""
    answer: Callable[[Request], int] = lambda _: 200
    requests: list[Request] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    told = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            body = self.rfile.read(length)
            if len(body) < length:
                return  # the sender was killed in the middle of its request
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, self.path, headers, body)
            told.requests.append(request)
            self.send_response(told.answer(request))
            self.send_header("content-length", "0")
            self.end_headers()

        do_GET = do_PUT = do_POST

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_address[1]}/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield told
    server.shutdown()
    server.server_close()
