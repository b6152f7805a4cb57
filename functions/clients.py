"""Settings, and the clients made from them once in a process.

Each entry point is a deployment of its own and is given its own variables only, so each of these is loaded at its
first use.
"""

import functools
from functools import cached_property
from typing import TYPE_CHECKING

from google.cloud.storage import Bucket
from pydantic import Field

from biaac.clients import storage_client
from biaac.settings import AirbyteSettings, WorkflowSettings
from biaac.settings import Settings as SharedSettings
from biaac.workflow import Workflow

if TYPE_CHECKING:
    from biaac.airbyte import Airbyte


class Settings(WorkflowSettings):
    """What every entry point needs; ``sync``, ``bronze_finalized`` and ``sweep`` ask Airbyte, too."""

    watch_seconds: float = Field(
        60, alias="WATCH_SECONDS", ge=0, description="How long one event watches a running sync before it is nacked."
    )


class CacheSettings(SharedSettings):
    """What ``warm_cache`` needs on top."""

    cache_url: str = Field(alias="CACHE_URL", description="grpc://host:port, or grpc+tls://host:port in the cloud.")


class Clients:
    """What the functions talk to."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def ops(self) -> Bucket:
        """Markers and run records."""
        return storage_client(self.settings).bucket(self.settings.ops_bucket)

    @cached_property
    def lake(self) -> Bucket:
        """Releases and their pointer."""
        return storage_client(self.settings).bucket(self.settings.lake_bucket)

    @cached_property
    def workflow(self) -> Workflow:
        """The refresh workflow."""
        return Workflow(self.settings)

    @cached_property
    def airbyte(self) -> "Airbyte":
        """Jobs and connections of Airbyte."""
        from biaac.airbyte import Airbyte

        return Airbyte(AirbyteSettings.load())

    @cached_property
    def cache_url(self) -> str:
        """Where the cache service answers."""
        return CacheSettings.load().cache_url


@functools.cache
def clients() -> Clients:
    """The clients of this process."""
    return Clients(Settings.load())
