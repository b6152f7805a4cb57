"""Which release a request sees: read once per request, then the same in every query and every cache key of it."""

import os
from functools import lru_cache

from flask import g, has_app_context
from google.cloud.storage import Bucket

from biaac import releases
from biaac.clients import storage_client
from biaac.settings import Settings

NONE_YET = "none"  # in cache keys, before the first release


def current_release() -> str | None:
    """The id of the release this request sees; None before the first promotion.

    Outside an application context nothing remembers it, and every call reads the pointer.
    """
    if not has_app_context():
        return _read()
    if "release" not in g:
        g.release = _read()
    release: str | None = g.release
    return release


def _read() -> str | None:
    bucket, environment = _lake(os.getpid())
    pointer = releases.pointer(bucket, environment)
    return None if pointer is None else pointer.release


@lru_cache
def _lake(_process: int) -> tuple[Bucket, str]:
    """One client per process: a connection must not be shared with the process that was forked from."""
    settings = Settings.load()
    return storage_client(settings).bucket(settings.lake_bucket), settings.environment
