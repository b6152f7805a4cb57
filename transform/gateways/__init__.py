"""Gateways: where the working tables stand. One module each; SQLMESH_GATEWAY chooses.

Models, audits, ledger and publishing are the same on all of them (docs/adr/0009). What an engine does its own way
stands here, in config.py and in macros/.
"""

from datetime import datetime
from pathlib import Path
from typing import Protocol

import duckdb
from sqlmesh.core.config import GatewayConfig

from biaac.errors import BiaacError, PermanentError
from transform.settings import LakeSettings


class Gateway(Protocol):
    """What SQLMesh's configuration and the job need of a gateway."""

    @property
    def cache(self) -> Path:
        """A folder of this machine where SQLMesh keeps what it has parsed; it may be lost at any time."""

    def config(self) -> GatewayConfig:
        """Connections of working tables and state, as SQLMesh wants them."""

    def opened(self, connection: duckdb.DuckDBPyConnection) -> None:
        """The job has opened the lake on ``connection`` and will work for a while."""

    def closing(self) -> None:
        """The job has finished with the lake; called too if ``opened`` was not."""

    def tidy(self, connection: duckdb.DuckDBPyConnection, now: datetime) -> str | None:
        """Give back storage that nobody reads; a line on what was done, or None. The caller holds the lock."""

    def fault(self, error: BaseException) -> BiaacError | None:
        """What an error of the engine, its storage or its database means to the caller; None if it is none of them."""


def chosen(settings: LakeSettings) -> Gateway:
    """The gateway of these settings. A laptop imports nothing of the cloud's."""
    if settings.gateway == "local":
        from transform.gateways.local import Local

        return Local(settings)
    if settings.gateway == "gcp":
        from transform.gateways.gcp import Cloud
        from transform.settings import CloudLakeSettings

        return Cloud(CloudLakeSettings.load())
    raise PermanentError(f"SQLMESH_GATEWAY is {settings.gateway!r}; there is: local, gcp")
