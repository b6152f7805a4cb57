"""Gateway ``local``: working tables and SQLMesh's state are two DuckDB files, Bronze is the laptop's storage."""

from datetime import datetime

import duckdb
from sqlmesh.core.config import GatewayConfig
from sqlmesh.core.config.connection import DuckDBConnectionConfig

from biaac.errors import BiaacError, PermanentError, TransientError
from transform.gateways import engine
from transform.settings import LakeSettings


class Local:
    """A folder for each environment."""

    def __init__(self, settings: LakeSettings) -> None:
        if not settings.storage_emulator:
            raise PermanentError(
                "gateway local reads Bronze from the laptop's storage", hint="set STORAGE_EMULATOR_HOST"
            )
        self._folder = settings.lake_folder
        self.cache = self._folder / "cache"
        bronze = engine.storage(settings.bronze_bucket, settings.storage_emulator)
        self._bronze = {**bronze, "key_id": "laptop", "secret": "laptop"}  # any key will do there

    def config(self) -> GatewayConfig:
        """Working tables in ``lake.duckdb``, state in ``state.duckdb``."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return GatewayConfig(
            connection=engine.connection(
                str(self._folder / "lake.duckdb"), extensions=["httpfs"], secrets={"bronze": self._bronze}
            ),
            state_connection=DuckDBConnectionConfig(database=str(self._folder / "state.duckdb")),
        )

    def opened(self, _: duckdb.DuckDBPyConnection) -> None:
        """Nothing expires here."""

    def closing(self) -> None:
        """Nothing was begun."""

    def tidy(self, _connection: duckdb.DuckDBPyConnection, _now: datetime) -> None:
        """A DuckDB file uses the space of deleted rows again by itself."""

    def fault(self, error: BaseException) -> BiaacError | None:
        """Storage that does not answer, or a file that another process has open."""
        if isinstance(error, (duckdb.IOException, duckdb.HTTPException)):
            return TransientError(" ".join(str(error).split()))
        return None
