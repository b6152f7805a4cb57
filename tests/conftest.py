"""What every layer of tests uses: a real storage server, fresh buckets for each test, settings that point there."""

import os
import random
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.cloud.storage import Bucket
from xdist.scheduler import LoadScopeScheduling

from biaac.clients import storage_client
from biaac.settings import ROOT, Settings
from stand_ins import storage as storage_stand_in
from tests.stand_ins.servers import free_port, wait_for

pytest_plugins = ["tests.stack"]


class ByRoom(LoadScopeScheduling):
    """Where tests run in two processes: one room is one piece of work, and all that share the stack are one room."""

    def _split_scope(self, nodeid: str) -> str:
        room = nodeid.partition("::")[0].split("/")[1:-1]
        return "stack" if room[0] in {"end_to_end", "operations", "browser"} else "/".join(room[:2])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByRoom:
    """How xdist hands out tests (pytest-xdist's documented hook)."""
    return ByRoom(config, log)


@pytest.fixture(scope="session")
def seed() -> int:
    """The seed of this session's random tests: BIAAC_SEED to repeat one."""
    value = int(os.environ.get("BIAAC_SEED", random.randrange(2**32)))  # noqa: S311
    print(f"\nBIAAC_SEED={value}")
    return value


@pytest.fixture(scope="session")
def storage_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A fake-gcs-server of this session; its http://host:port."""
    port = free_port()
    root = tmp_path_factory.mktemp("storage")
    log = (root.parent / "storage.log").open("wb")
    process = subprocess.Popen(storage_stand_in.command(port=port, root=root, publish=False), stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    wait_for(lambda: httpx.get(f"{url}/_internal/healthcheck", timeout=1).is_success, what="storage answers")
    yield url
    process.kill()
    process.wait()


@pytest.fixture
def environment(storage_server: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The variables of a laptop with three fresh buckets; set for this test, and to be given to its processes.

    A test that needs another service sets its variable on top (e.g. ``environment["CACHE_URL"] = ...``).
    """
    unique = uuid.uuid4().hex[:8]
    values = {
        "GOOGLE_CLOUD_PROJECT": "laptop",
        "GOOGLE_CLOUD_LOCATION": "local",
        "BRONZE_BUCKET": f"bronze-{unique}",
        "LAKE_BUCKET": f"lake-{unique}",
        "OPS_BUCKET": f"ops-{unique}",
        "AIRBYTE_URL": "http://127.0.0.1:1/api/public/v1",
        "SYNC_URL": "http://127.0.0.1:1/sync",
        "SWEEP_URL": "http://127.0.0.1:1/sweep",
        "CACHE_URL": "grpc://127.0.0.1:1",
        "SUPERSET_URL": "http://127.0.0.1:1",
        "STORAGE_EMULATOR_HOST": storage_server,
        "PYTHONPATH": str(ROOT),
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    client = storage_client(Settings.load())
    for bucket in ("BRONZE_BUCKET", "LAKE_BUCKET", "OPS_BUCKET"):
        client.create_bucket(values[bucket])
    return values


@pytest.fixture
def settings(environment: dict[str, str]) -> Settings:
    """Settings as ``environment`` gives them."""
    return Settings.load()


@pytest.fixture
def ops(settings: Settings) -> Bucket:
    """Markers, job records and runs."""
    return storage_client(settings).bucket(settings.ops_bucket)


@pytest.fixture
def lake(settings: Settings) -> Bucket:
    """Releases and their pointer."""
    return storage_client(settings).bucket(settings.lake_bucket)


@pytest.fixture
def repository() -> Path:
    """The root of this checkout."""
    return ROOT
