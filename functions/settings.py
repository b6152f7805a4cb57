"""What the functions read beyond the settings every room shares.

Each entry point is a deployment of its own and is given its own variables only; see ``edges.Clients``.
"""

from pydantic import Field

import biaac.settings


class Settings(biaac.settings.Settings):
    """What none of the entry points can be without; ``sync``, ``bronze_finalized`` and ``sweep`` ask Airbyte, too."""

    workflow: str = Field("refresh", alias="WORKFLOW")
    watch_seconds: float = Field(
        60, alias="WATCH_SECONDS", ge=0, description="How long one event watches a running sync before it is nacked."
    )


class CacheSettings(biaac.settings.Settings):
    """What ``warm_cache`` needs on top."""

    cache_url: str = Field(alias="CACHE_URL", description="grpc://host:port, or grpc+tls://host:port in the cloud.")
