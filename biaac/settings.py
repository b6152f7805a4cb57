"""Configuration, read once at the root of each process into a frozen value.

Laptop and cloud differ in these values only. An ``*_EMULATOR_HOST`` that is set points one Google client at a
stand-in; unset means the real service with the workload's own credentials.
"""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from biaac.errors import PermanentError

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """What more than one room reads. A room with settings of its own subclasses this in ``<room>/settings.py``."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    project: str = Field(alias="GOOGLE_CLOUD_PROJECT")
    location: str = Field(alias="GOOGLE_CLOUD_LOCATION")
    environment: str = Field("prod", alias="BIAAC_ENVIRONMENT")

    bronze_bucket: str = Field(alias="BRONZE_BUCKET")
    lake_bucket: str = Field(alias="LAKE_BUCKET")
    ops_bucket: str = Field(alias="OPS_BUCKET")

    airbyte_url: str = Field(alias="AIRBYTE_URL", description="Root of Airbyte's public API, ending in /v1.")
    airbyte_client_id: str | None = Field(None, alias="AIRBYTE_CLIENT_ID")
    airbyte_client_secret: SecretStr | None = Field(None, alias="AIRBYTE_CLIENT_SECRET")
    functions_url: str = Field(alias="FUNCTIONS_URL", description="Functions answer at <this>/<entry point>.")
    cache_url: str = Field(alias="CACHE_URL", description="grpc://host:port, or grpc+tls://host in the cloud.")
    superset_url: str = Field(alias="SUPERSET_URL")
    workflow: str = Field("refresh", alias="WORKFLOW")
    connections: Path = Field(ROOT / "connections", alias="CONNECTIONS_DIR")

    storage_emulator: str | None = Field(None, alias="STORAGE_EMULATOR_HOST", description="http://host:port")
    workflows_emulator: str | None = Field(None, alias="WORKFLOWS_EMULATOR_HOST", description="host:port of gRPC")
    run_emulator: str | None = Field(None, alias="RUN_EMULATOR_HOST", description="http://host:port")
    scheduler_emulator: str | None = Field(None, alias="SCHEDULER_EMULATOR_HOST", description="http://host:port")

    @property
    def parent(self) -> str:
        """``projects/P/locations/L``: the prefix of every regional resource name."""
        return f"projects/{self.project}/locations/{self.location}"

    @classmethod
    def load(cls) -> Self:
        """Read the environment of this process; ``PermanentError`` names every variable missing or bad."""
        try:
            return cls()  # type: ignore[call-arg]  # every field comes from the environment
        except ValidationError as error:
            faults = "; ".join(f"{e['loc'][0]}: {e['msg'].lower()}" for e in error.errors())
            raise PermanentError(
                f"settings: {faults}", hint="on a laptop: source .biaac/laptop.env (written by `make run`)"
            ) from None
