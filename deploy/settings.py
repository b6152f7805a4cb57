"""What the build's own programs read: the shared settings, the revision, and where the build keeps its files."""

from pathlib import Path

from pydantic import Field

from biaac.settings import ROOT, WorkflowSettings


class DeploySettings(WorkflowSettings):
    """Read once, when a command begins."""

    revision: str = Field("", alias="REVISION", description="Git revision that is deployed; empty for a build by hand.")
    folder: Path = Field(ROOT / ".biaac/build", alias="BUILD_DIR", description="What the build's steps hand on.")
    terraform: str = Field("terraform", alias="TERRAFORM", description="The program.")
    functions_emulator: str | None = Field(None, alias="FUNCTIONS_EMULATOR_HOST", description="http://host:port")
