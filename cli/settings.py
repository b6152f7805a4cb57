"""What the command reads beyond the settings every room shares."""

from pydantic import Field

from biaac.settings import AirbyteSettings, WorkflowSettings


class Settings(AirbyteSettings, WorkflowSettings):
    """Read once, when a command begins."""

    sync_url: str = Field(alias="SYNC_URL", description="The function sync.")
    sweep_url: str = Field(alias="SWEEP_URL", description="The function sweep.")
    cache_url: str = Field(alias="CACHE_URL", description="grpc://host:port, or grpc+tls://host:port in the cloud.")
    superset_url: str = Field(alias="SUPERSET_URL")
