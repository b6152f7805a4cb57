"""A lake of tiny releases, and the real cache service over it, queried by unmodified clients."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import adbc_driver_flightsql.dbapi as flight_sql
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from google.cloud.storage import Bucket
from pyarrow import flight

from biaac import objects, releases
from biaac.clients import storage_client
from biaac.flight import pack
from biaac.releases import AuditOutcome, Column, DataFile, Metric, Release, StreamFreshness, TableManifest
from biaac.settings import ROOT, Settings
from tests.conftest import free_port, wait_for

RELEASE_HEADER = b"x-biaac-release"
ADBC_RELEASE = "adbc.flight.sql.rpc.call_header.x-biaac-release"
PATIENCE_S = 240  # of clients and of the service: far more than a loaded machine needs

eventually = partial(wait_for, seconds=PATIENCE_S)


@dataclass
class Lake:
    """Buckets in which releases are published as the transform publishes them."""

    lake: Bucket
    ops: Bucket
    newest: Release | None = None

    def candidate(self, tables: Mapping[str, list[str]], **fields: Any) -> str:
        """A release in which each table is the rows of its DuckDB queries, a file each; its id.

        ``fields`` replace those that the release has otherwise. Every table reaches as far as the streams.
        """
        parent = self.newest
        now = datetime(2026, 11, 24, 12, tzinfo=UTC)
        reached = max((one.data_as_of for one in fields.get("freshness", ()) if one.data_as_of), default=now)
        references = {
            name: self._table(name, queries).model_copy(update={"data_as_of": reached})
            for name, queries in tables.items()
        }
        release = Release(
            environment="prod",
            parent=parent.id if parent else None,
            sequence=parent.sequence + 1 if parent else 1,
            created_at=now,
            revision="abc",
            models="def",
            execution="x-1",
            loads=[],
            freshness=[StreamFreshness(connection="c", stream="s", data_as_of=now, synced_at=now)],
            audits=[AuditOutcome(model="gold.orders", audit="not_null", blocking=True, rows=0, query="SELECT 1")],
            metrics=[
                Metric(
                    name="amount",
                    table="gold.orders",
                    expression="SUM(amount)",
                    label={"en": "Amount", "pt": "Valor"},
                    description="Money taken.",
                    format="$,.2f",
                    additive=True,
                    owner="owner@example.com",
                )
            ],
            tables=references,
        ).model_copy(update=fields)
        self.newest = release
        return releases.write(self.lake, release)

    def publish(self, tables: Mapping[str, list[str]], **fields: Any) -> str:
        """A candidate, promoted."""
        release = self.candidate(tables, **fields)
        releases.promote(self.lake, "prod", release)
        return release

    def files(self, release: str, table: str) -> list[DataFile]:
        """The data files of one table."""
        reference = releases.read(self.lake, "prod", release).tables[table]
        return releases.read_manifest(self.lake, reference).files

    def oracle(self, release: str, folder: Path) -> duckdb.DuckDBPyConnection:
        """DuckDB over the same files."""
        connection = duckdb.connect()
        connection.execute("CREATE SCHEMA gold")
        for table in releases.read(self.lake, "prod", release).tables:
            manifest = releases.read_manifest(self.lake, releases.read(self.lake, "prod", release).tables[table])
            columns = ", ".join(f"{column.name} {column.type}" for column in manifest.columns)
            connection.execute(f"CREATE TABLE {table} ({columns})")
            for file in manifest.files:
                path = folder / f"{file.digest}.parquet"
                path.write_bytes(releases.read_file(self.lake, file))
                connection.execute(f"INSERT INTO {table} FROM read_parquet('{path}')")
        return connection

    def _table(self, name: str, queries: list[str]) -> releases.TableReference:
        files, rows = [], 0
        columns: list[Column] = []
        for query in queries:
            rows_of_file = duckdb.sql(query)
            columns = [
                Column(name=c, type=str(t), description=f"About {c}.")
                for c, t in zip(rows_of_file.columns, rows_of_file.types, strict=True)
            ]
            sink = pa.BufferOutputStream()
            answer = rows_of_file.to_arrow_table()
            pq.write_table(answer, sink)
            data = sink.getvalue().to_pybytes()
            if answer.num_rows:
                files.append(self._file(name, data, answer.num_rows))
            rows += answer.num_rows
        manifest = TableManifest(
            name=name,
            description=f"About {name}.",
            owner="owner@example.com",
            grain=[columns[0].name],
            columns=columns,
            sorted_by=[],
            rows=rows,
            files=files,
        )
        return releases.write_manifest(self.lake, manifest)

    def _file(self, table: str, data: bytes, rows: int) -> DataFile:
        digest = hashlib.sha256(data).hexdigest()
        path = f"gold/{table}/{digest}.parquet"
        self.lake.blob(path).upload_from_string(data)
        return DataFile(path=path, digest=digest, bytes=len(data), rows=rows, fingerprint=digest)


@dataclass
class Cache:
    """The service as a process, on a folder of its own."""

    environment: dict[str, str]
    directory: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"grpc://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.directory.with_suffix(".log")

    def start(self, **settings: object) -> None:
        """Start it and wait until it answers; ``settings`` are its variables without CACHE_.

        Its patience is longer than any test needs, so that a slow machine does not end a statement.
        """
        settings = {"workers": 1, "queue_seconds": PATIENCE_S, "query_seconds": PATIENCE_S, **settings}
        variables = {f"CACHE_{name.upper()}": str(value) for name, value in settings.items()}
        environment = {**os.environ, **self.environment, **variables, "CACHE_DIRECTORY": str(self.directory)}
        command = [sys.executable, "-m", "cache_service", "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        eventually(self._answers, what=f"the cache answers; see {self.log}")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Its exit status; 0 where it was not running."""
        if self.process is None:
            return 0
        self.process.send_signal(how)
        status = self.process.wait(PATIENCE_S)
        self.process = None
        return status

    def rows(self, sql: str, release: str | None = None) -> list[dict[str, Any]]:
        """The answer, by one call of a plain pyarrow client."""
        headers = [(RELEASE_HEADER, release.encode())] if release else []
        options = flight.FlightCallOptions(timeout=PATIENCE_S, headers=headers)
        with flight.connect(self.url) as client:
            ticket = flight.Ticket(pack("CommandStatementQuery", (1, sql)))
            rows: list[dict[str, Any]] = client.do_get(ticket, options).read_all().to_pylist()
            return rows

    def value(self, sql: str, release: str | None = None) -> Any:
        """The one value of the answer."""
        (row,) = self.rows(sql, release)
        (value,) = row.values()
        return value

    def act(self, action: str, body: object = None) -> dict[str, Any]:
        """The answer of a Flight action."""
        with flight.connect(self.url) as client:
            data = b"" if body is None else json.dumps(body).encode()
            (answer,) = client.do_action((action, data), flight.FlightCallOptions(timeout=PATIENCE_S))
            value: dict[str, Any] = json.loads(answer.body.to_pybytes())
            return value

    def status(self) -> dict[str, Any]:
        return self.act("status")

    def warm(self, release: str) -> dict[str, Any]:
        return self.act("warm", {"environment": "prod", "release": release})

    @contextmanager
    def adbc(self, **options: str) -> Iterator[flight_sql.Connection]:
        with flight_sql.connect(self.url, db_kwargs=options, autocommit=True) as connection:
            yield connection

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        try:
            self.act("status")
        except flight.FlightError:
            return False
        return True


def build(storage_server: str, folder: Path) -> tuple[Cache, Lake]:
    """A lake of fresh buckets, and a service over it that is not started."""
    unique = uuid.uuid4().hex[:8]
    environment = {
        "GOOGLE_CLOUD_PROJECT": "laptop",
        "GOOGLE_CLOUD_LOCATION": "local",
        "BRONZE_BUCKET": f"bronze-{unique}",
        "LAKE_BUCKET": f"lake-{unique}",
        "OPS_BUCKET": f"ops-{unique}",
        "STORAGE_EMULATOR_HOST": storage_server,
        "PYTHONPATH": str(ROOT),
    }
    client = storage_client(Settings.model_validate(environment))
    lake = Lake(client.create_bucket(f"lake-{unique}"), client.create_bucket(f"ops-{unique}"))
    return Cache(environment, folder / "cache"), lake


def put_warm_statements(lake: Lake, *statements: str) -> None:
    """As Superset's apply job leaves them."""
    objects.update(lake.ops, "warm/prod.json", lambda _: {"statements": list(statements)})
