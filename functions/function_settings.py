"""What the functions read beyond the settings every room shares; named so because `superset/settings.py` is flat, too.

Each entry point is a deployment of its own and is given its own variables only; see ``clients.Clients``.
"""

from pydantic import Field

from biaac.settings import Settings as SharedSettings
from biaac.settings import WorkflowSettings


class Settings(WorkflowSettings):
    """What every entry point needs; ``sync``, ``bronze_finalized`` and ``sweep`` ask Airbyte, too."""

    watch_seconds: float = Field(
        60, alias="WATCH_SECONDS", ge=0, description="How long one event watches a running sync before it is nacked."
    )


class CacheSettings(SharedSettings):
    """What ``warm_cache`` needs on top."""

    cache_url: str = Field(alias="CACHE_URL", description="grpc://host:port, or grpc+tls://host:port in the cloud.")
