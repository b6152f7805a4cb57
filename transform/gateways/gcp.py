"""Gateway ``gcp``: DuckLake. The catalogue of working tables is in Postgres, their rows are Parquet on Cloud Storage.

    gs://LAKE/lake/<environment>/...      database lake, schema <environment>: DuckLake's catalogue
                                          database sqlmesh, schema <environment>: SQLMesh's state

Nobody but the transform reads these tables: what is published are copies under gs://LAKE/gold.
"""

import re
import threading
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from tempfile import gettempdir

import duckdb
import google.auth
import psycopg2
import psycopg2.errors
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from google.cloud import storage
from sqlmesh.core.config import GatewayConfig
from sqlmesh.core.config.connection import DuckDBAttachOptions, PostgresConnectionConfig

from biaac.errors import BiaacError, PermanentError, TransientError
from transform.gateways import engine
from transform.gateways.engine import Secret
from transform.progress import print_line
from transform.settings import CloudLakeSettings

CATALOGUE, STATE = "lake", "sqlmesh"  # the databases, made by terraform/modules/database
CONNECT_S = 10
# A snapshot is kept this long, and so is each file that no snapshot uses any more: a query that began in time ends,
# and a person can look at yesterday's tables. The oldest snapshot says when to tidy: about once a day.
GRACE = timedelta(days=1)
TIDYING = ("ducklake_expire_snapshots", "ducklake_cleanup_old_files", "ducklake_delete_orphaned_files")
# Cloud Run hands out a token with 5 minutes to live at least; google.auth wants another one in the last 3:45.
TOKEN_CHECK_S = 30.0
OUTSIDE = (
    psycopg2.OperationalError,
    psycopg2.InterfaceError,
    psycopg2.errors.InsufficientPrivilege,
    duckdb.IOException,
    duckdb.HTTPException,
)
POSTGRES = re.compile(r"server closed the connection|terminating connection|connection to server|permission denied")
REFUSALS = re.compile(r"(password authentication failed|database .* does not exist|role .* |permission denied).*")


class Token:
    """The workload's own access to Cloud Storage: a bearer token, which lives for an hour at most."""

    def __init__(self) -> None:
        try:
            self._credentials: Credentials = google.auth.default(scopes=storage.Client.SCOPE)[0]
        except GoogleAuthError as error:
            raise PermanentError(
                f"no credentials for Cloud Storage: {error}", hint="gcloud auth application-default login"
            ) from None

    @property
    def ends_soon(self) -> bool:
        """Whether another token is needed, or the first."""
        return not self._credentials.valid

    def value(self) -> str:
        """A token that is good for minutes at least."""
        if self.ends_soon:
            try:
                self._credentials.refresh(Request())
            except GoogleAuthError as error:
                raise TransientError(f"no token for Cloud Storage: {error}") from None
        return str(self._credentials.token)


class Cloud:
    """A schema of each database and a folder of the bucket for each environment."""

    def __init__(self, settings: CloudLakeSettings, *, token_check_s: float = TOKEN_CHECK_S) -> None:
        self._settings = settings
        self._token_check_s = token_check_s
        self._done = threading.Event()
        self._keeper: threading.Thread | None = None
        self.cache = Path(gettempdir()) / "biaac-sqlmesh"  # a container's other folders may not be ours to write

    @cached_property
    def _token(self) -> Token:
        return Token()

    def config(self) -> GatewayConfig:
        """The password is in a secret and in no address, so that no statement, message or log can show it."""
        settings = self._settings
        password = settings.database_password.get_secret_value()
        catalogue = DuckDBAttachOptions(
            type="ducklake",
            path=f"postgres:connect_timeout={CONNECT_S} application_name=biaac-{settings.environment}",
            data_path=f"gs://{settings.lake_bucket}/lake/{settings.environment}/",
            metadata_schema=settings.environment,
            data_inlining_row_limit=0,  # every row in Parquet: ten rows take the way of a million
        )
        database = {  # DuckDB's name of the secret that a Postgres address without one uses
            "__default_postgres": {
                "type": "postgres",
                "host": settings.database_host,
                "user": settings.database_user,
                "password": password,
                "database": CATALOGUE,
            }
        }
        return GatewayConfig(
            connection=engine.connection(
                catalogue,
                extensions=["httpfs", "postgres_scanner", "ducklake"],
                secrets={**database, **self._storage()},
            ),
            state_connection=PostgresConnectionConfig(
                host=settings.database_host,
                port=5432,  # a unix socket has a port, too: it is in its file's name
                user=settings.database_user,
                password=password,
                database=STATE,
                connect_timeout=CONNECT_S,
                application_name=f"biaac-{settings.environment}",
            ),
            state_schema=settings.environment,
        )

    def opened(self, connection: duckdb.DuckDBPyConnection) -> None:
        """A run may outlive its token: replace it in time, beside the work."""
        self._keeper = threading.Thread(target=self._keep, args=(connection.cursor(),), daemon=True)
        self._keeper.start()

    def closing(self) -> None:
        """Leave the token to its end. A process that ended while a statement still ran beside it would be aborted."""
        self._done.set()
        if self._keeper:
            self._keeper.join()

    def tidy(self, connection: duckdb.DuckDBPyConnection, now: datetime) -> str | None:
        """Once a day: forget old snapshots, delete files unused for a day and those of runs that died."""
        (oldest,) = connection.execute("SELECT MIN(snapshot_time) FROM ducklake_snapshots('lake')").fetchone() or (now,)
        if oldest > now - 2 * GRACE:
            return None
        before = f"older_than => TIMESTAMPTZ '{now - GRACE}'"
        done = [len(connection.execute(f"CALL {procedure}('lake', {before})").fetchall()) for procedure in TIDYING]
        return "{} snapshots forgotten, {} old files and {} orphans deleted".format(*done)

    def fault(self, error: BaseException) -> BiaacError | None:
        """Postgres or Cloud Storage: refused, which a person must mend, or not there, which may pass."""
        text = " ".join(str(error).split())
        settings = self._settings
        if not isinstance(error, OUTSIDE) and not (type(error) is duckdb.Error and POSTGRES.search(text)):
            return None
        if refusal := REFUSALS.search(text):
            return PermanentError(
                f"Postgres at {settings.database_host} refuses user {settings.database_user} (databases {CATALOGUE} and"
                f" {STATE}): {refusal[0]}",
                hint="terraform -chdir=terraform apply (databases, user, password), then start the job again",
            )
        return TransientError(text)

    def _keep(self, connection: duckdb.DuckDBPyConnection) -> None:
        while not self._done.wait(self._token_check_s):
            if not self._token.ends_soon:
                continue
            try:
                secrets = self._storage()
            except TransientError as error:  # tried again; a statement after the old token's end fails
                print_line(f"warning: {error.message}")
                continue
            for name, secret in secrets.items():
                connection.execute(engine.create_secret(name, secret))

    def _storage(self) -> dict[str, Secret]:
        """Bronze and lake, each in its own scope."""
        settings = self._settings
        places = {
            "bronze": (settings.bronze_bucket, settings.storage_emulator),
            "lake": (settings.lake_bucket, settings.lake_storage_emulator),
        }
        token = {"bearer_token": self._token.value()}
        return {name: engine.storage(bucket, endpoint) | token for name, (bucket, endpoint) in places.items()}
