"""Settings and the clients made from them, once in a process."""

import functools
from functools import cached_property
from typing import TYPE_CHECKING

from google.cloud.storage import Bucket

from biaac.clients import storage_client
from biaac.settings import AirbyteSettings
from biaac.workflow import Workflow
from function_settings import CacheSettings, Settings

if TYPE_CHECKING:
    from biaac.airbyte import Airbyte


class Clients:
    """Each client is made at its first use: an entry point needs the settings of its own only."""

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
