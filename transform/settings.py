"""Settings of the transform room: where the working tables stand, and what the job's runtime gives it."""

from pathlib import Path

from pydantic import Field

from biaac import cloud_run
from biaac.settings import ROOT, AirbyteSettings, Settings


class LakeSettings(Settings):
    """What SQLMesh needs, whether the job drives it or a person types ``bin/sqlmesh``."""

    lake_state: Path | None = Field(
        None, alias="LAKE_STATE_DIR", description="Folder of the state's files; lake_state.py makes it and sets this."
    )
    lake_data: Path | None = Field(
        None, alias="LAKE_DATA_DIR", description="Folder of the working tables' rows; unset: the lake bucket."
    )
    lake_storage_emulator: str | None = Field(
        None,
        alias="LAKE_STORAGE_EMULATOR_HOST",
        description="http://host:port that DuckLake writes to; the laptop's storage lacks the XML API it writes by.",
    )
    sqlmesh_cache: Path = Field(
        ROOT / ".biaac/cache/sqlmesh", alias="SQLMESH_CACHE_DIR", description="What SQLMesh has parsed; may be lost."
    )

    @property
    def models(self) -> Path:
        """Folder of the SQLMesh project."""
        return self.company / "sqlmesh_project"

    @property
    def data_path(self) -> str:
        """Where the rows of the working tables are: each environment has its own."""
        if self.lake_data:
            return f"{self.lake_data / self.environment}/"
        return f"gs://{self.lake_bucket}/lake/{self.environment}/data/"


class JobSettings(LakeSettings, AirbyteSettings):
    """What the transform job needs on top; Cloud Run sets the two names."""

    job: str = Field(alias="CLOUD_RUN_JOB")
    job_execution: str = Field(alias="CLOUD_RUN_EXECUTION")
    revision: str = Field("unversioned", alias="REVISION", description="Git revision of this checkout or image.")

    @property
    def job_execution_name(self) -> str:
        """The full resource name of this Cloud Run execution, by which others ask whether it is alive."""
        return cloud_run.execution_name(self, self.job, self.job_execution)
