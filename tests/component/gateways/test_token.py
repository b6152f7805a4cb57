"""Access to Cloud Storage is the workload's own bearer token, and a run that outlives one goes on with the next."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.component.transform.warehouse import Warehouse
from tests.conftest import wait_for
from tests.metadata_server import MetadataServer, access_token

HOPS = ("host", "connection", "transfer-encoding", "content-length", "accept-encoding")


class Doorman:
    """Stands before the storage, notes every request and lets in who shows one of ``valid``."""

    def __init__(self, behind: str) -> None:
        self.valid: set[str] = set()
        self.seen: list[tuple[str, str, str | None]] = []  # method, query, token
        doorman, client = self, httpx.Client(base_url=behind)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                token = (self.headers.get("authorization") or "").removeprefix("Bearer ")
                doorman.seen.append((self.command, self.path.partition("?")[2], token))
                if token not in doorman.valid:
                    self.answer(401, {}, b"")
                    return
                headers = {name: value for name, value in self.headers.items() if name.lower() not in HOPS}
                response = client.request(self.command, self.path, headers=headers, content=body)
                self.answer(response.status_code, dict(response.headers), response.content)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = forward

            def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    if name not in (*HOPS, "date", "server", "content-encoding"):
                        self.send_header(name, value)
                length = headers.get("content-length", "0") if self.command == "HEAD" else str(len(body))
                self.send_header("content-length", length)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def doorman(s3: str, cloud: Warehouse) -> Iterator[Doorman]:
    server = Doorman(s3)
    cloud.environment["LAKE_STORAGE_EMULATOR_HOST"] = server.url
    yield server
    server.server.shutdown()
    server.server.server_close()


def test_a_run_that_outlives_its_token_goes_on_with_the_next(
    cloud: Warehouse, doorman: Doorman, metadata: MetadataServer, repository: Path
) -> None:
    metadata.given.clear()
    metadata.access_seconds = 60  # google.auth asks for another one in the last 225 s: at the next look
    doorman.valid = {access_token(number) for number in range(1, 1000)}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.component.gateways.long_run"],
        cwd=repository,
        env=cloud.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin and process.stdout
    assert process.stdout.readline() == "(1500000,)\n"
    ended = len(metadata.given)
    wait_for(lambda: len(metadata.given) > ended + 1, what="the next token is in use: one more was asked for")
    doorman.valid -= {access_token(number) for number in range(1, ended + 1)}
    seen = len(doorman.seen)
    process.stdin.write("go on\n")
    process.stdin.flush()
    assert process.stdout.readline() == "(1500000,)\n"
    process.communicate("end\n")
    assert process.returncode == 0
    assert {token for _, _, token in doorman.seen[seen:]} <= doorman.valid
    kinds = {(method, query.partition("=")[0]) for method, query, _ in doorman.seen[seen:]}
    assert kinds >= {("POST", "uploads"), ("PUT", "partNumber"), ("POST", "uploadId")}, kinds
