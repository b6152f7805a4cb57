"""Fixtures: the small company installed, with an Airbyte and a Run API that answer what a test says."""

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from biaac import connections
from biaac.settings import Settings
from tests import company
from tests.component.transform.warehouse import ORDERS, TICKETS, Jobs, Outside, Snapshot, Warehouse


@pytest.fixture(scope="package")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    server = Jobs(tmp_path_factory.mktemp("jobs"))
    yield server
    server.stop()


@pytest.fixture
def company_folder(tmp_path: Path) -> Path:
    """The folder of an installed company; a test may change its files."""
    folder = tmp_path / "company"
    folder.mkdir()
    company.install(folder)
    return folder


@pytest.fixture
def warehouse(
    environment: dict[str, str], company_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: Jobs
) -> Iterator[Warehouse]:
    outside = Outside(list(connections.load(company_folder / "connections")))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = outside.answer(self.path)
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    more = {
        "AIRBYTE_URL": f"{url}/api/public/v1",
        "RUN_EMULATOR_HOST": url,
        "LAKE_STATE_DIR": str(tmp_path / "lake"),
        "COMPANY_DIR": str(company_folder),
        "CLOUD_RUN_JOB": "transform",
    }
    for name, value in more.items():
        monkeypatch.setenv(name, value)
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    yield Warehouse(Settings.load(), {**kept, **environment, **more}, outside, jobs)
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="package")
def snapshots() -> list[Snapshot]:
    """The one snapshot of this package, once a test has made it."""
    return []


@pytest.fixture
def stocked(warehouse: Warehouse, snapshots: list[Snapshot], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The warehouse with ``ORDERS`` and ``TICKETS`` in, released by execution ``first``."""
    if snapshots:
        snapshots[0].restore(warehouse)
    else:
        warehouse.sync(orders=ORDERS)
        warehouse.sync("support", tickets=TICKETS)
        warehouse.transform(execution="first")
        snapshots.append(Snapshot.of(warehouse, tmp_path_factory.mktemp("stocked") / "lake"))
    return warehouse
