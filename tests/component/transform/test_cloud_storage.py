"""The working tables' rows on Cloud Storage: the same Gold, by the workload's own bearer token, also by the next one.

moto's S3 server is what DuckLake writes to (the XML API, which the laptop's storage lacks), behind a doorman who asks
for a token; the metadata server gives tokens.
"""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.component.transform.warehouse import ORDERS, Jobs, Warehouse, order
from tests.conftest import free_port, wait_for
from tests.metadata_server import MetadataServer, access_token

HOPS = ("host", "connection", "transfer-encoding", "content-length", "accept-encoding")


class Doorman:
    """Stands before the storage, notes every request and lets in who shows one of ``valid``; None: everybody's."""

    def __init__(self, behind: str) -> None:
        self.valid: set[str] | None = None
        self.seen: list[tuple[str, str, str]] = []  # method, query, token
        doorman, client = self, httpx.Client(base_url=behind)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                token = (self.headers.get("authorization") or "").removeprefix("Bearer ")
                doorman.seen.append((self.command, self.path.partition("?")[2], token))
                if doorman.valid is not None and token not in doorman.valid:
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


@pytest.fixture(scope="module")
def doorman() -> Iterator[Doorman]:
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    wait_for(lambda: httpx.get(url, timeout=1).is_success, what="moto answers")
    server = Doorman(url)
    yield server
    server.server.shutdown()
    server.server.server_close()
    process.kill()
    process.wait()


@pytest.fixture(scope="module")
def metadata() -> Iterator[MetadataServer]:
    server = MetadataServer()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def cloud(
    warehouse: Warehouse, doorman: Doorman, metadata: MetadataServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Warehouse]:
    """The warehouse in another environment, whose rows are on Cloud Storage."""
    metadata.access_seconds = 3599
    doorman.valid = None
    httpx.put(f"{doorman.url}/{warehouse.settings.lake_bucket}").raise_for_status()
    variables = {
        "LAKE_STORAGE_EMULATOR_HOST": doorman.url,
        "GCE_METADATA_HOST": metadata.address,
        "GCE_METADATA_IP": metadata.address,
        "CLOUDSDK_CONFIG": str(tmp_path),  # no credentials of whoever runs this
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    made = warehouse.with_environment(BIAAC_ENVIRONMENT="cloud", **variables)
    del made.environment["LAKE_DATA_DIR"]
    made.jobs = Jobs(tmp_path)  # google.auth reads its variable when it is imported, which is before a job is forked
    yield made
    made.jobs.stop()


def test_gold_is_the_laptops_byte_for_byte_and_only_the_workloads_token_is_used(
    cloud: Warehouse, warehouse: Warehouse, doorman: Doorman
) -> None:
    many = [order(number, "2026-04-03", 1.0) for number in range(100, 1000)]  # more than the catalogue holds itself
    for orders in ([*ORDERS, *many], [order(1, "2026-05-20", 10.0), order(7, "2026-06-03", 1.25)]):
        warehouse.sync(orders=orders)
        warehouse.transform()
        cloud.transform()
        for table in warehouse.release().tables:
            sides = [sorted(file.digest for file in side.manifest(table).files) for side in (warehouse, cloud)]
            assert sides[0] == sides[1], table
    written = [query for method, query, token in doorman.seen if method in ("PUT", "POST") and token]
    assert written and all(token for _, query, token in doorman.seen if "list-type" in query)


def test_storage_that_refuses_is_a_reason_to_try_again(cloud: Warehouse, doorman: Doorman) -> None:
    cloud.sync(orders=[order(number, "2026-04-03", 1.0) for number in range(1000)])
    doorman.valid = set()
    code, output = cloud.attempt()
    assert code != 0 and "TransientError" in output and "Traceback" not in output, output


def test_a_run_that_outlives_its_token_goes_on_with_the_next(
    cloud: Warehouse, doorman: Doorman, metadata: MetadataServer, repository: Path, tmp_path: Path
) -> None:
    metadata.given.clear()
    metadata.access_seconds = 60  # google.auth asks for another one in the last 225 s: at the next look
    doorman.valid = {access_token(number) for number in range(1, 1000)}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.component.transform.long_run"],
        cwd=repository,
        env={**cloud.environment, "LAKE_STATE_DIR": str(tmp_path)},
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
