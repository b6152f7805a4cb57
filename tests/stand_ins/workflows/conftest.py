"""The interpreter as a process, the Cloud Run stand-in as another, and a server of functions with scripted answers."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.cloud.workflows import executions_v1

from biaac.clients import executions_client
from biaac.settings import ROOT, Settings
from tests.conftest import free_port, wait_for

State = executions_v1.Execution.State
LOST = "lost"  # an answer that never arrives: the connection ends instead
JOB = """
import pathlib, sys, time
calls = pathlib.Path(sys.argv[0]).with_suffix(".calls")
with calls.open("a") as log:
    log.write(" ".join(sys.argv[1:]) + "\\n")
script = pathlib.Path(sys.argv[0]).with_suffix(".script").read_text().split()
todo = script[min(len(calls.read_text().splitlines()), len(script)) - 1]
time.sleep(60) if todo == "hang" else sys.exit(int(todo))
"""


class FunctionsServer(ThreadingHTTPServer):
    """Answers each path from a list, the last one for ever: (code, body) or LOST."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: dict[str, list[Any]] = {}
        self.requests: list[tuple[str, Any, str]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that a test cut is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: FunctionsServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, body, self.headers["Authorization"]))
        answers = self.server.script[self.path]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer == LOST:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        code, content = answer
        data = json.dumps(content).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: Any) -> None:
        """Silence."""


@dataclass
class Stack:
    """What a test holds."""

    functions: FunctionsServer
    folder: Path
    port: int
    run_port: int
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    source: Path = ROOT / "workflows/refresh.workflows.yaml"
    parent: str = "projects/laptop/locations/local/workflows/refresh"

    @property
    def client(self) -> executions_v1.ExecutionsClient:
        """The unmodified client, as the project makes it."""
        return executions_client(Settings.load())

    def start_workflows(self) -> subprocess.Popen[bytes]:
        """The interpreter; it answers when this returns."""
        line = [sys.executable, "-m", "stand_ins.workflows", "--port", str(self.port), "--state", self.folder / "state"]
        line += ["--source", self.source, "--project", "laptop", "--location", "local"]
        line += ["--set", f"WARM_CACHE_URL={self.functions.url}/warm_cache"]
        line += ["--set", f"PROMOTE_URL={self.functions.url}/promote"]
        line += ["--set", f"RUN_EMULATOR_HOST=http://127.0.0.1:{self.run_port}"]
        return self._start(line, self.port)

    def start_run_jobs(self) -> subprocess.Popen[bytes]:
        """The stand-in for Cloud Run with the workflow's two jobs."""
        jobs = {
            name: {"command": [sys.executable, str(self.folder / f"{name}.py")]}
            for name in ("transform", "superset-refresh")
        }
        (self.folder / "jobs.yaml").write_text(yaml.safe_dump(jobs))
        line = [sys.executable, "-m", "stand_ins.run_jobs", "--port", str(self.run_port)]
        line += ["--state", self.folder / "run", "--logs", self.folder / "logs", "--jobs", self.folder / "jobs.yaml"]
        return self._start(line, self.run_port)

    def _start(self, line: list[Any], port: int) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen([str(each) for each in line], cwd=ROOT, stdout=log, stderr=log)
        self.processes.append(process)
        wait_for(lambda: socket.create_connection(("127.0.0.1", port), timeout=1).close() is None, what=str(line[2]))
        return process

    def job(self, name: str, *script: str) -> None:
        """Each start of the job does the next: an exit code or hang."""
        (self.folder / f"{name}.py").write_text(JOB)
        (self.folder / f"{name}.script").write_text(" ".join(script))

    def job_calls(self, name: str) -> list[str]:
        """The arguments of each start."""
        path = self.folder / f"{name}.calls"
        return path.read_text().splitlines() if path.exists() else []

    def create(self, argument: Any) -> executions_v1.Execution:
        """Start an execution."""
        execution = executions_v1.Execution(argument=json.dumps(argument))
        return self.client.create_execution(parent=self.parent, execution=execution)

    def ended(self, name: str) -> executions_v1.Execution:
        """The execution once it is over."""
        wait_for(lambda: self.client.get_execution(name=name).state != State.ACTIVE, seconds=60, what=name)
        return self.client.get_execution(name=name)


@pytest.fixture
def stack(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stack]:
    """Both stand-ins run; jobs succeed and functions publish unless the test says otherwise."""
    functions = FunctionsServer()
    threading.Thread(target=functions.serve_forever, args=(0.02,), daemon=True).start()
    stack = Stack(functions, tmp_path, free_port(), free_port())
    monkeypatch.setenv("WORKFLOWS_EMULATOR_HOST", f"127.0.0.1:{stack.port}")
    stack.job("transform", "0")
    stack.job("superset-refresh", "0")
    functions.script = {
        "/warm_cache": [(200, {"outcome": "published", "release": "R1", "reason": ""})],
        "/promote": [(200, {"outcome": "promoted", "current": "R1"})],
    }
    stack.start_run_jobs()
    stack.start_workflows()
    yield stack
    functions.shutdown()
    for process in reversed(stack.processes):
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture
def serve_source(stack: Stack, tmp_path: Path) -> Callable[[str], Stack]:
    """Serve another workflow than the project's own."""

    def serve(source: str) -> Stack:
        stack.processes.pop().kill()
        stack.source = tmp_path / "other.workflows.yaml"
        stack.source.write_text(source)
        stack.parent = "projects/laptop/locations/local/workflows/other"
        stack.port = free_port()
        return stack

    return serve
