"""A connection to a scripted connector, syncs of it in this process or in one of their own, and Bronze read back."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from google.cloud.storage import Blob, Bucket

from biaac import connections
from biaac.clients import storage_client
from ingestion import job_records
from ingestion.job_records import Job, Kind
from ingestion.settings import Settings
from ingestion.states import States
from ingestion.sync import perform

PROPERTIES: dict[str, Any] = {"id": {"type": ["null", "integer"]}, "name": {"type": ["null", "string"]}}
Steps = list[dict[str, Any]]


def whole(stream: str, first: int, end: int) -> Steps:
    """The steps of a stream that is read without trouble."""
    return [
        {"status": [stream, "STARTED"]},
        {"rows": [stream, first, end]},
        {"state": [stream, {"next": end}, end - first]},
        {"status": [stream, "COMPLETE"]},
    ]


@dataclass
class Scripted:
    """The connection ``scripted`` with its streams ``orders`` (incremental) and ``shops`` (full refresh)."""

    folder: Path
    environment: dict[str, str]

    @property
    def settings(self) -> Settings:
        return Settings.load()

    @property
    def ops(self) -> Bucket:
        return storage_client(self.settings).bucket(self.settings.ops_bucket)

    @property
    def bronze(self) -> Bucket:
        return storage_client(self.settings).bucket(self.settings.bronze_bucket)

    def declare(
        self,
        *reads: Steps,
        streams: tuple[Any, ...] = ("orders",),
        properties: Any = None,
        offered: list[Any] | None = None,
        token: str | None = None,
    ) -> None:
        """Write the connection file, and what the connector does at its first read, its second, ..."""
        (self.folder / "given").unlink(missing_ok=True)
        config: dict[str, Any] = {"reads": list(reads), "given": str(self.folder / "given"), "token": token}
        config["streams"] = offered or [["orders", {}], ["shops", {}]]
        modes: dict[str, dict[str, Any]] = {
            "orders": {"name": "orders", "mode": "incremental", "cursor": "id"},
            "shops": {"name": "shops", "mode": "full_refresh"},
        }
        connection = {
            "name": "scripted",
            "description": "A test.",
            "owner": "test@example.com",
            "source": {"connector": "sources/scripted", "config": {**config, "properties": properties or PROPERTIES}},
            "schedule": {"cron": "0 5 * * *"},
            "freshness": {"warn_after": "1h", "fail_after": "2h"},
            "streams": [modes[one] if isinstance(one, str) else one for one in streams],
        }
        (self.folder / "connections/scripted.yaml").write_text(yaml.safe_dump(connection))

    def new_job(self, kind: Kind = Kind.SYNC) -> Job:
        """A job as the API makes it."""
        connection = connections.get(self.settings.connections, "scripted")
        at = job_records.now()
        job = Job(
            id=job_records.next_id(self.ops),
            connection=connection.name,
            connection_id=connection.id,
            kind=kind,
            created_at=at,
            updated_at=at,
        )
        job_records.create(self.ops, job)
        return job

    def sync(self, job: Job | None = None, kind: Kind = Kind.SYNC) -> Job:
        """Do a job in this process; the record it leaves."""
        job = job or self.new_job(kind)
        perform(self.settings, "scripted", job.id)
        return self.record(job)

    def start(self, job: Job) -> subprocess.Popen[bytes]:
        """Do a job in a process of its own."""
        command = [sys.executable, "-m", "ingestion.sync", "--connection", "scripted", "--job", str(job.id)]
        return subprocess.Popen(command, env={**self.environment, "PATH": "/usr/bin:/bin"})

    def record(self, job: Job) -> Job:
        record = job_records.find(self.ops, job.id)
        assert record is not None
        return record

    def committed(self, stream: str) -> Any:
        """The state that the next attempt would be given; None before the first commit."""
        entry = States.open(self.ops, "scripted").streams.get(stream)
        return entry and entry.state

    def given(self) -> list[Any]:
        """What each read was given: ``{"streams": [...], "states": {...}}``."""
        return [json.loads(line) for line in (self.folder / "given").read_text().splitlines()]

    def files(self, stream: str) -> list[Blob]:
        return list(self.bronze.list_blobs(prefix=f"scripted/{stream}/"))

    def table(self, stream: str) -> pa.Table:
        """Every row of a stream in Bronze."""
        tables = [pq.read_table(io.BytesIO(blob.download_as_bytes())) for blob in self.files(stream)]
        return pa.concat_tables(tables) if tables else pa.table({"id": pa.array([], pa.int64())})

    def ids(self, stream: str) -> list[int]:
        return sorted(self.table(stream)["id"].to_pylist())


@pytest.fixture
def scripted(environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """The connection, with short waits and a commit at every STATE."""
    executable = tmp_path / "connectors/source-scripted/bin/source-scripted"
    executable.parent.mkdir(parents=True)
    script = Path(__file__).with_name("scripted_connector.py")
    executable.write_text(f'#!/bin/sh\nexec {sys.executable} -I {script} "$@"\n')
    executable.chmod(0o755)
    (tmp_path / "connections").mkdir()
    own = {
        "CONNECTORS_DIR": str(tmp_path / "connectors"),
        "COMPANY_DIR": str(tmp_path),
        "SYNC_SILENCE_LIMIT_S": "120",
        "SYNC_CHECKPOINT_S": "0",
        "SYNC_RETRY_WAIT_S": "0.01",
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    environment.update(own)
    yield Scripted(tmp_path, environment)
