"""The engine: DuckDB, with working tables in DuckLake. Its extensions come from wheels, its storage access is a token.

Nobody but the transform reads these tables: what is published are copies under gs://LAKE/gold.
"""

import re
import threading
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import google.auth
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from google.cloud import storage
from sqlmesh.core.config import GatewayConfig
from sqlmesh.core.config.connection import DuckDBAttachOptions, DuckDBConnectionConfig

from biaac.errors import BiaacError, PermanentError, TransientError
from transform.adapter import ConnectionConfig
from transform.lake_state import CATALOGUE, FORGET, SQLMESH_STATE
from transform.progress import print_line
from transform.settings import LakeSettings

Secret = dict[str, str]

# Cloud Run hands out a token with 5 minutes to live at least; google.auth wants another one in the last 3:45.
TOKEN_CHECK_S = 30.0
# Loads with fewer rows stay in the catalogue: a small file for each would cost a request a load for ever.
INLINED_ROWS = 500
# All that the catalogue may hold of them: some megabytes. Then they become files, of each table and partition one.
MOST_INLINED_ROWS = 20_000
METADATA = "__ducklake_metadata_lake"  # DuckLake's name for its catalogue
MISSING = re.compile(r"\b404\b|No such file")
DELETE = ("ducklake_cleanup_old_files", "ducklake_delete_orphaned_files")


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


class Engine:
    """DuckDB on the state's files. On a laptop the rows are files of a folder and any key opens its storage."""

    def __init__(self, settings: LakeSettings, *, token_check_s: float = TOKEN_CHECK_S) -> None:
        if settings.lake_state is None:
            raise PermanentError("LAKE_STATE_DIR is not set: the lake's state is not fetched", hint="use bin/sqlmesh")
        self._state = settings.lake_state
        self._settings = settings
        self._token_check_s = token_check_s
        self._done = threading.Event()
        self._keeper: threading.Thread | None = None

    @cached_property
    def _token(self) -> Token:
        return Token()

    def config(self) -> GatewayConfig:
        """Connections of working tables and of SQLMesh's state."""
        lake = DuckDBAttachOptions(
            type="ducklake",
            path=str(self._state / CATALOGUE),
            data_path=self._settings.data_path,
            override_data_path=True,  # a laptop's folder may have moved
            data_inlining_row_limit=INLINED_ROWS,
        )
        return GatewayConfig(
            connection=ConnectionConfig(
                catalogs={"lake": lake},
                extensions=[_extension(name) for name in ("httpfs", "ducklake")],
                connector_config={
                    "autoinstall_known_extensions": "false",
                    "autoload_known_extensions": "false",
                    "TimeZone": "UTC",
                },
                register_comments=False,  # releases carry them; here they would be a third of a run's statements
                secrets={name: _escaped(secret) for name, secret in self._secrets().items()},
            ),
            state_connection=DuckDBConnectionConfig(database=str(self._state / SQLMESH_STATE)),
        )

    def opened(self, connection: duckdb.DuckDBPyConnection) -> None:
        """A run may outlive its token: replace it in time, beside the work."""
        if self._settings.lake_data is None:
            self._keeper = threading.Thread(target=self._keep, args=(connection.cursor(),), daemon=True)
            self._keeper.start()

    def closing(self) -> None:
        """Leave the token to its end. A process that ended while a statement still ran beside it would be aborted."""
        self._done.set()
        if self._keeper:
            self._keeper.join()

    def compact(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Keep the catalogue from growing: of the tables' versions only the newest is of use.

        DuckLake forgets versions that are files; the deleted rows that it holds itself it keeps, so they go here.
        """
        connection.execute("CALL ducklake_expire_snapshots('lake', older_than => NOW()::TIMESTAMPTZ)")
        inlined = 0
        tables = connection.execute(f"SELECT table_name FROM {METADATA}.ducklake_inlined_data_tables").fetchall()
        for (table,) in tables:
            connection.execute(f'DELETE FROM {METADATA}."{table}" WHERE end_snapshot IS NOT NULL')
            inlined += (connection.execute(f'SELECT COUNT(*) FROM {METADATA}."{table}"').fetchone() or (0,))[0]
        if inlined > MOST_INLINED_ROWS:
            connection.execute("CALL ducklake_flush_inlined_data('lake')")

    def delete_unnamed_files(self) -> None:
        """Delete the files of versions that are forgotten and of runs that died. The state must have been put back.

        Before that a file may be of the version that others still read; after it no other writer's can count.
        """
        adapter = self.config().connection.create_engine_adapter()
        for procedure in DELETE:
            adapter.cursor.execute(f"CALL {procedure}('lake', cleanup_all => TRUE)")
        adapter.close()

    def error(self, error: BaseException) -> BiaacError | None:
        """What an error of storage means to the caller; None if it is none.

        A file of the working tables that is missing stays missing; one of Bronze may have a newer one instead.
        """
        if not isinstance(error, (duckdb.IOException, duckdb.HTTPException)):
            return None
        text = " ".join(str(error).split())
        if self._settings.data_path in text and MISSING.search(text):
            return PermanentError(f"a file that the lake's state names is missing: {text}", hint=FORGET)
        return TransientError(text)

    def _keep(self, connection: duckdb.DuckDBPyConnection) -> None:
        while not self._done.wait(self._token_check_s):
            if not self._token.ends_soon:
                continue
            try:
                secrets = self._secrets()
            except TransientError as error:  # tried again; a statement after the old token's end fails
                print_line(f"warning: {error.message}")
                continue
            for name, secret in secrets.items():
                connection.execute(_create_secret(name, secret))

    def _secrets(self) -> dict[str, Secret]:
        """Bronze and lake, each in its own scope: of unnamed secrets the second would replace the first."""
        settings = self._settings
        bronze = _place(settings.bronze_bucket, settings.storage_emulator)
        if settings.lake_data:
            return {"bronze": bronze | {"key_id": "laptop", "secret": "laptop"}}
        token = {"bearer_token": self._token.value()}
        return {"bronze": bronze | token, "lake": _place(settings.lake_bucket, settings.lake_storage_emulator) | token}


def _place(bucket: str, stand_in: str | None) -> Secret:
    """A secret for ``bucket`` without its credentials; ``stand_in`` is http://host:port, None the real service."""
    place = {"type": "gcs", "scope": f"gs://{bucket}"}
    if stand_in:
        place |= {"endpoint": urlsplit(stand_in).netloc, "use_ssl": "false", "url_style": "path"}
    return place


def _create_secret(name: str, secret: Secret) -> str:
    """The statement that makes or replaces a secret, as SQLMesh makes it from ``config``."""
    fields = [f"{field} '{value}'" for field, value in _escaped(secret).items()]
    return f"CREATE OR REPLACE SECRET {name} ({', '.join(fields)})"


def _escaped(secret: Secret) -> Secret:
    """SQLMesh puts the values between quotes and leaves those inside to us."""
    return {field: value.replace("'", "''") for field, value in secret.items()}


def _extension(name: str) -> dict[str, str]:
    """A DuckDB extension from its wheel: the quoted path makes SQLMesh's INSTALL and LOAD stay off the network."""
    package = find_spec(f"duckdb_extension_{name}")
    if package is None or not package.submodule_search_locations:
        raise PermanentError(f"package duckdb-extension-{name} is not installed", hint="make setup")
    folder = Path(package.submodule_search_locations[0])
    return {"name": f"'{next(folder.rglob(f'{name}.duckdb_extension'))}'"}
