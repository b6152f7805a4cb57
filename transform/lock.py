"""The one lock of the lake: an object that names the Cloud Run execution which may write.

    gs://LAKE/locks/transform = {"owner": "projects/.../executions/transform-x7k2p"} or {"owner": null}

A lost answer can start two jobs under one workflow, so an execution owns it, not a workflow. It moves by
compare-and-set, is released by writing (never deleting) it, and is taken from an owner only when the Run API says
that this execution has ended: no clock, no lease.
"""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager

from google.api_core.exceptions import GoogleAPICallError, NotFound, RetryError
from google.cloud.storage import Bucket

from biaac import objects
from biaac.clients import job_executions_client
from biaac.errors import LostRace, TransientError
from biaac.settings import Settings

NAME = "locks/transform"
ASK_S = 20  # the Run API answers in milliseconds; a job that cannot ask leaves and is started again


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
    found = objects.read(lake, NAME)
    other = (found.value or {}).get("owner")
    if other not in (None, owner) and _lives(settings, other):
        raise TransientError(f"gs://{lake.name}/{NAME}: {other} is at work", hint="the workflow starts this job again")
    return objects.replace(lake, NAME, {"owner": owner}, expected=found.generation).generation


def _lives(settings: Settings, execution: str) -> bool:
    try:
        found = job_executions_client(settings).get_execution(name=execution, timeout=ASK_S)
    except NotFound:
        return False  # deleted with its job, or from a laptop whose state was cleaned
    except (GoogleAPICallError, RetryError, OSError) as error:
        raise TransientError(f"cannot ask whether {execution}, owner of the lock, lives: {error}") from error
    return not found.completion_time
