"""Fixtures of the stand-ins' own tests. They use nothing but `stand_ins` and Google's clients."""

import os
import random
import textwrap
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from stand_ins.workflows import interpreter, loader
from stand_ins.workflows.definition import Program
from stand_ins.workflows.execution import Clock, Execution

from .servers import Process, Receiver, Request, Start, free_port


@pytest.fixture(scope="session")
def stand_ins_seed() -> int:
    """The seed of this session's random tests: STAND_INS_SEED to repeat one."""
    value = int(os.environ.get("STAND_INS_SEED", random.randrange(2**32)))  # noqa: S311
    print(f"\nSTAND_INS_SEED={value}")
    return value


def _starter(folder: Path) -> Iterator[Start]:
    started: list[Process] = []

    def start(module: str, *arguments: object, port: int = 0) -> Process:
        port = port or free_port()
        log = folder / f"{module}.{port}.log"
        process = Process(module, [str(argument) for argument in arguments], port=port, log=log)
        started.append(process)
        return process

    yield start
    for process in reversed(started):
        process.stop()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """``python -m module --port P arguments...``, stopped with the test."""
    yield from _starter(tmp_path)


@pytest.fixture(scope="module")
def start_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """As ``start``, for all tests of a module."""
    yield from _starter(tmp_path_factory.mktemp("processes"))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            body = self.rfile.read(length)
            if len(body) < length:
                return  # the sender was killed in the middle of its request
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, self.path, headers, body)
            receiver.requests.append(request)
            self.send_response(receiver.answer(request))
            self.send_header("content-length", "0")
            self.end_headers()

        do_GET = do_PUT = do_POST

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield receiver
    server.shutdown()
    server.server_close()


class ScaledClock(Clock):
    """A clock that moves only when a workflow sleeps."""

    def __init__(self) -> None:
        self.at = 1_700_000_000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float, cancelled: threading.Event) -> None:
        self.slept.append(seconds)
        self.at += seconds


@pytest.fixture
def clock() -> ScaledClock:
    """Time in ``run``."""
    return ScaledClock()


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], Program]:
    """``load(source)`` reads a workflow."""

    def load_source(source: str) -> Program:
        path = tmp_path / "case.workflows.yaml"
        path.write_text(textwrap.dedent(source))
        return loader.load(path)

    return load_source


@pytest.fixture
def run(load: Callable[[str], Program], clock: ScaledClock) -> Callable[..., Any]:
    """``run(source, argument)``: the result of a workflow, or its error."""

    def run_source(source: str, argument: Any = None) -> Any:
        return interpreter.run(load(source), Execution({"GOOGLE_CLOUD_PROJECT_ID": "p"}, clock=clock), argument)

    return run_source


@pytest.fixture
def evaluate(run: Callable[..., Any]) -> Callable[[str], Any]:
    """``evaluate("1 + 1")``: the value of an expression."""

    def evaluate_expression(expression: str) -> Any:
        return run(f"main:\n  steps:\n  - r:\n      return: '${{{expression}}}'\n")

    return evaluate_expression
