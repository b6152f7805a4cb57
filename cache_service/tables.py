"""What a worker reads for one table of a release: files to map, or rows that the front computes (``biaac.*``)."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from biaac.releases import Release
from cache_service import system
from cache_service.catalogue import Catalogue
from cache_service.schemas import disk_schema
from cache_service.store import Loaded, Store
from cache_service.system import Inputs, QueryRecord
from cache_service.wire import to_stream


class Tables:
    """The tables of every release, and those of the service itself."""

    def __init__(self, catalogue: Catalogue, store: Store, queries: Iterable[QueryRecord]) -> None:
        self.catalogue, self.store, self.queries = catalogue, store, queries

    def versions(self, release: Release | None) -> dict[str, str | None]:
        """Every table's version by name: a worker keeps what it has opened. None: computed anew each time."""
        published = {name: reference.manifest for name, reference in release.tables.items()} if release else {}
        return {**dict.fromkeys(system.TABLES), **published}

    def supply(self, release: Release | None, name: str) -> tuple[pa.Buffer, list[Path]]:
        """Rows as an Arrow IPC stream, and files that hold more of them."""
        if name in system.TABLES:
            return to_stream(system.table(name, Inputs(self.catalogue, release, tuple(self.queries)))), []
        assert release is not None  # noqa: S101  # a table of no release was never offered to the worker
        files = self.load(release, name).paths
        return to_stream(disk_schema(self.catalogue.manifest(release, name)).empty_table()), files

    def load(self, release: Release, name: str) -> Loaded:
        """A table on disk, fetched where it is not there yet; then what nobody needs leaves the disk."""
        loaded = self.store.load(self.catalogue.manifest(release, name))
        if loaded.bytes_fetched:
            current = self.catalogue.current().release
            needed = [self.catalogue.manifests(kept) for kept in (release, current) if kept is not None]
            self.store.evict([manifest for manifests in needed for manifest in manifests])
        return loaded
