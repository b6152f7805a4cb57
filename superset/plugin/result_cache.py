"""Superset's result cache with the release in every key: a new release misses, a rollback hits what it had before."""

from uuid import UUID, uuid3

from superset.extensions.metastore_cache import SupersetMetastoreCache

from plugin.release import NONE_YET, current_release


class ReleaseCache(SupersetMetastoreCache):
    """Entries live in the metadata database, so the refresh job warms them for every server process.

    Named in ``DATA_CACHE_CONFIG`` by import path; Flask-Caching calls ``factory``.
    """

    def get_key(self, key: str) -> UUID:
        """The entry's key under the release that this request sees."""
        return uuid3(self.namespace, f"{current_release() or NONE_YET}/{key}")
