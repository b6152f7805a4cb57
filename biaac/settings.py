"""Configuration, read once at the root of each process into a frozen value.

Each room has settings for what it reads and no more: two services that each needed the other's address could not be
deployed. Laptop and cloud differ in values only: an ``*_EMULATOR_HOST`` that is set points one Google client
at a stand-in; unset means the real service with the workload's own credentials.
"""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from biaac.errors import PermanentError

ROOT = Path(__file__).resolve().parent.parent


class CompanySettings(BaseSettings):
    """Where the company's own files are: all that a check of them reads, so that it needs no stack."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    company: Path = Field(ROOT, alias="COMPANY_DIR", description="Folder of the company's own files.")

    @property
    def connections(self) -> Path:
        """Folder of the connection files."""
        return self.company / "connections"

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


class Settings(CompanySettings):
    """What every room reads. A room with settings of its own subclasses this in ``<room>/settings.py``."""

    project: str = Field(alias="GOOGLE_CLOUD_PROJECT")
    location: str = Field(alias="GOOGLE_CLOUD_LOCATION")
    environment: str = Field("prod", alias="BIAAC_ENVIRONMENT")

    bronze_bucket: str = Field(alias="BRONZE_BUCKET")
    lake_bucket: str = Field(alias="LAKE_BUCKET")
    ops_bucket: str = Field(alias="OPS_BUCKET")

    storage_emulator: str | None = Field(None, alias="STORAGE_EMULATOR_HOST", description="http://host:port")
    workflows_emulator: str | None = Field(None, alias="WORKFLOWS_EMULATOR_HOST", description="host:port of gRPC")
    run_emulator: str | None = Field(None, alias="RUN_EMULATOR_HOST", description="http://host:port")
    scheduler_emulator: str | None = Field(None, alias="SCHEDULER_EMULATOR_HOST", description="http://host:port")

    @property
    def parent(self) -> str:
        """``projects/P/locations/L``: the prefix of every regional resource name."""
        return f"projects/{self.project}/locations/{self.location}"


class WorkflowSettings(Settings):
    """What starting the refresh workflow needs: for three of the functions, the command and the build."""

    workflow: str = Field("refresh", alias="WORKFLOW")


class AirbyteSettings(Settings):
    """What Airbyte's client needs: for three of the functions, the transform and the command."""

    airbyte_url: str = Field(alias="AIRBYTE_URL", description="Root of Airbyte's public API, ending in /v1.")
    airbyte_client_id: str | None = Field(None, alias="AIRBYTE_CLIENT_ID")
    airbyte_client_secret: SecretStr | None = Field(None, alias="AIRBYTE_CLIENT_SECRET")

    @property
    def airbyte_lacks_hint(self) -> str:
        """What to do when Airbyte does not know a connection that is declared."""
        if self.airbyte_client_id is not None:
            return "make a connection of that name in Airbyte (docs/airbyte.md)"
        return "deploy it: our own Airbyte API serves the connection files it was built with"

    @property
    def airbyte_hint(self) -> str:
        """What to check when Airbyte refuses the caller."""
        if self.airbyte_client_id is not None:
            return "check AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET"
        return f"may this identity invoke {self.airbyte_url}? It needs roles/run.invoker there"
