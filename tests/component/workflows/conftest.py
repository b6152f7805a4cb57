"""The project's workflow in the stand-in for Workflows; the stand-in for Cloud Run; functions with scripted answers."""

import json
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.cloud.workflows import executions_v1

from biaac.clients import executions_client
from biaac.settings import ROOT, Settings
from tests.conftest import wait_for
from tests.stand_ins.conftest import start
from tests.stand_ins.servers import Process, Start

__all__ = ["start"]  # a fixture of another folder

State = executions_v1.Execution.State
LOST = "lost"  # an answer that never arrives: the connection ends instead
JOB = """
import pathlib, sys, time
calls = pathlib.Path(sys.argv[0]).with_suffix(".calls")
with calls.open("a") as log:
    log.write(" ".join(sys.argv[1:]) + "\\n")
script = pathlib.Path(sys.argv[0]).with_suffix(".script").read_text().split()
todo = script[min(len(calls.read_text().splitlines()), len(script)) - 1]
time.sleep(3600) if todo == "hang" else sys.exit(int(todo))
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
    client: executions_v1.ExecutionsClient
    parent: str
    workflows: Process

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
        wait_for(lambda: self.client.get_execution(name=name).state != State.ACTIVE, what=name)
        return self.client.get_execution(name=name)


@pytest.fixture
def stack(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, start: Start
) -> Iterator[Stack]:
    """The stand-ins for Workflows and Cloud Run; jobs succeed and functions publish unless the test says otherwise."""
    functions = FunctionsServer()
    threading.Thread(target=functions.serve_forever, args=(0.02,), daemon=True).start()
    jobs = {
        name: {"command": [sys.executable, str(tmp_path / f"{name}.py")]} for name in ("transform", "superset-refresh")
    }
    (tmp_path / "jobs.yaml").write_text(yaml.safe_dump(jobs))
    run = start(
        "stand_ins.run_jobs",
        *("--state", tmp_path / "run", "--logs", tmp_path / "logs", "--jobs", tmp_path / "jobs.yaml"),
    )
    workflows = start(
        "stand_ins.workflows",
        *("--state", tmp_path / "state", "--source", ROOT / "workflows/refresh.workflows.yaml"),
        *("--project", environment["GOOGLE_CLOUD_PROJECT"], "--location", environment["GOOGLE_CLOUD_LOCATION"]),
        *("--set", f"WARM_CACHE_URL={functions.url}/warm_cache", "--set", f"PROMOTE_URL={functions.url}/promote"),
        *("--set", f"RUN_EMULATOR_HOST={run.url}"),
    )
    monkeypatch.setenv("WORKFLOWS_EMULATOR_HOST", f"127.0.0.1:{workflows.port}")
    settings = Settings.load()
    parent = f"{settings.parent}/workflows/refresh"
    stack = Stack(functions, tmp_path, executions_client(settings), parent, workflows)
    stack.job("transform", "0")
    stack.job("superset-refresh", "0")
    functions.script = {
        "/warm_cache": [(200, {"outcome": "published", "release": "R1", "reason": ""})],
        "/promote": [(200, {"outcome": "promoted", "current": "R1"})],
    }
    yield stack
    functions.shutdown()
