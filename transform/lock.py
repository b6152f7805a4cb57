"""The one lock of the lake: an object that names the Cloud Run execution which may write.

    gs://LAKE/locks/transform = {"owner": "projects/.../executions/transform-x7k2p"} or {"owner": null}

A lost answer can start two jobs under one workflow, so an execution owns it, not a workflow. It moves by
compare-and-set, is released by writing (never deleting) it, and is taken from an owner only when the Run API says
that this execution has ended: no clock, no lease.
"""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager

from google.cloud.storage import Bucket

from biaac import cloud_run, objects
from biaac.errors import LostRace, TransientError
from biaac.settings import Settings

NAME = "locks/transform"
PERSON = "bin/sqlmesh"  # nobody can tell whether a person is still there: everybody may take the lock from one


@contextmanager
def held(lake: Bucket, settings: Settings, owner: str) -> Iterator[None]:
    """Hold the lock as ``owner``; ``TransientError`` if another execution holds it and lives."""
    taken = _take(lake, settings, owner)
    try:
        yield
    finally:
        # Lost if it was taken from us: the Run API has called this execution ended, the lock is the other's now.
        with contextlib.suppress(LostRace):
            objects.replace(lake, NAME, {"owner": None}, expected=taken)


def _take(lake: Bucket, settings: Settings, owner: str) -> int:
    stored = objects.read(lake, NAME)
    other = (stored.value or {}).get("owner")
    if other not in (None, owner, PERSON) and not cloud_run.is_over(settings, other):
        raise TransientError(f"gs://{lake.name}/{NAME}: {other} is at work", hint="the workflow starts this job again")
    return objects.replace(lake, NAME, {"owner": owner}, expected=stored.generation).generation
