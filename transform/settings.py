"""Settings of the transform room: where the working tables stand, and what the job's runtime gives it."""

from pathlib import Path

from pydantic import Field, SecretStr

from biaac import cloud_run
from biaac.settings import ROOT, AirbyteSettings, Settings


class LakeSettings(Settings):
    """What SQLMesh needs, whether the job drives it or a person types ``sqlmesh``."""

    gateway: str = Field("local", alias="SQLMESH_GATEWAY", description="local or gcp; see gateways/.")
    lake_state: Path = Field(
        ROOT / ".biaac/state/lake", alias="LAKE_STATE_DIR", description="Folder of the DuckDB files of gateway local."
    )

    @property
    def models(self) -> Path:
        """Folder of the SQLMesh project."""
        return self.company / "sqlmesh_project"

    @property
    def lake_folder(self) -> Path:
        """Each environment has working tables and SQLMesh state of its own."""
        return self.lake_state / self.environment


class CloudLakeSettings(LakeSettings):
    """What gateway gcp needs on top."""

    database_host: str = Field(
        alias="LAKE_DATABASE_HOST", description="A host, or the folder of a unix socket such as /cloudsql/<instance>."
    )
    database_user: str = Field(alias="LAKE_DATABASE_USER")
    database_password: SecretStr = Field(alias="LAKE_DATABASE_PASSWORD")
    lake_storage_emulator: str | None = Field(
        None,
        alias="LAKE_STORAGE_EMULATOR_HOST",
        description="http://host:port that DuckLake writes to; the laptop's storage lacks the XML API it writes by.",
    )


class JobSettings(LakeSettings, AirbyteSettings):
    """What the transform job needs on top; Cloud Run sets the two names."""

    job: str = Field(alias="CLOUD_RUN_JOB")
    job_execution: str = Field(alias="CLOUD_RUN_EXECUTION")
    revision: str = Field("unversioned", alias="REVISION", description="Git revision of this checkout or image.")

    @property
    def job_execution_name(self) -> str:
        """The full resource name of this Cloud Run execution, by which others ask whether it is alive."""
        return cloud_run.execution_name(self, self.job, self.job_execution)
