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

from biaac import cloud_run, objects, waiting
from biaac.errors import LostRace
from biaac.settings import Settings

NAME = "locks/transform"
WAIT_S = 5 * 3600  # a first backfill may take hours; the job itself ends after six (workflows/refresh.workflows.yaml)
POLL_S = 2.0
PERSON = "bin/sqlmesh"  # nobody can tell whether a person is still there: everybody may take the lock from one


@contextmanager
def held(lake: Bucket, settings: Settings, owner: str) -> Iterator[None]:
    """Hold the lock as ``owner``. A job waits for an execution that is at work; a person gets a ``TransientError``.

    Waiting costs less than losing: whoever lost would be started again and again, and in the end given up.
    """
    taken = waiting.until(
        lambda: _take(lake, settings, owner),
        seconds=0 if owner == PERSON else WAIT_S,
        every=POLL_S,
        what=f"gs://{lake.name}/{NAME} is free, where another execution is at work",
        hint="biaac runs",
    )
    try:
        yield
    finally:
        # Lost if it was taken from us: the Run API has called this execution ended, the lock is the other's now.
        with contextlib.suppress(LostRace):
            objects.replace(lake, NAME, {"owner": None}, expected=taken)


def _take(lake: Bucket, settings: Settings, owner: str) -> int | None:
    """The generation of the lock as ``owner`` holds it; None while another execution does."""
    stored = objects.read(lake, NAME)
    other = (stored.value or {}).get("owner")
    if other not in (None, owner, PERSON) and not cloud_run.is_over(settings, other):
        return None
    try:
        return objects.replace(lake, NAME, {"owner": owner}, expected=stored.generation).generation
    except LostRace:
        return None
