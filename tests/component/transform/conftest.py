"""Fixtures: the small company installed, with an Airbyte and a Run API that answer what a test says."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from biaac import connections
from biaac.settings import Settings
from tests import company
from tests.component.functions.airbyte_server import FakeAirbyte, serve
from tests.component.transform.warehouse import ORDERS, TICKETS, Jobs, Snapshot, Warehouse


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
    airbyte = FakeAirbyte({name: f"c-{name}" for name in connections.load(company_folder / "connections")})
    app = airbyte.app()

    @app.get("/v2/<path:name>")
    def execution(name: str) -> dict[str, str]:
        made.asked += 1
        ended = {} if name in made.living else {"completionTime": "2026-01-01T00:00:00Z"}
        return {"name": name, **ended}

    server = serve(airbyte, app)
    more = {
        "AIRBYTE_URL": airbyte.url,
        "RUN_EMULATOR_HOST": airbyte.url.removesuffix("/api/public/v1"),
        "LAKE_DATA_DIR": str(tmp_path / "lake"),
        "COMPANY_DIR": str(company_folder),
        "CLOUD_RUN_JOB": "transform",
    }
    for name, value in more.items():
        monkeypatch.setenv(name, value)
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    made = Warehouse(Settings.load(), {**kept, **environment, **more}, airbyte, jobs)
    yield made
    server.shutdown()


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
