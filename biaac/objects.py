"""Small JSON objects on Cloud Storage that change only by compare-and-set.

Locks, markers, ledgers and the release pointer are all such objects; nothing else in the project may write them.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from google.api_core.exceptions import NotFound, PreconditionFailed
from google.api_core.retry import Retry
from google.cloud.storage import Bucket
from google.cloud.storage.retry import DEFAULT_RETRY

from biaac.errors import LostRace

ABSENT = 0  # the generation Cloud Storage gives to "no such object"
TIMEOUT_S = 20  # these objects are kilobytes; longer means the store is not answering
WRITER = "writer"  # metadata key: which call wrote this generation
RETRY = DEFAULT_RETRY.with_timeout(60)  # the client's own default of 120 s outlives every caller's patience


@dataclass(frozen=True)
class Versioned:
    """What an object held, and the generation at which it held it."""

    value: Any
    generation: int


def read(bucket: Bucket, name: str, *, timeout: float = TIMEOUT_S, retry: Retry | None = RETRY) -> Versioned:
    """Return value and generation as one consistent pair; ``Versioned(None, ABSENT)`` if there is no such object."""
    while True:  # a writer may come between the two calls: then read again
        blob = bucket.get_blob(name, timeout=timeout, retry=retry)
        if blob is None:
            return Versioned(None, ABSENT)
        generation = int(blob.generation)
        try:
            data = bucket.blob(name, generation=generation).download_as_bytes(timeout=timeout, retry=retry)
        except (NotFound, PreconditionFailed):
            continue
        return Versioned(json.loads(data), generation)


def replace(bucket: Bucket, name: str, value: Any, *, expected: int) -> Versioned:
    """Write ``value`` if the object is still at generation ``expected``; raise ``LostRace`` if it has moved.

    Multipart upload on purpose: it is one request, and the only path on which the laptop's storage server
    honours preconditions (docs/adr/0003). The client retries an upload whose answer was lost and then meets its
    own write; the token in the object's metadata tells that from another writer's equal value.
    """
    token = uuid4().hex
    blob = bucket.blob(name)
    blob.metadata = {WRITER: token}
    try:
        blob.upload_from_string(
            json.dumps(value, sort_keys=True, separators=(",", ":")),
            content_type="application/json",
            if_generation_match=expected,
            timeout=TIMEOUT_S,
            retry=RETRY,
        )
    except PreconditionFailed:
        found = bucket.get_blob(name, timeout=TIMEOUT_S, retry=RETRY)
        if found is None or (found.metadata or {}).get(WRITER) != token:
            raise LostRace(name, expected=expected, found=int(found.generation) if found else ABSENT) from None
        return Versioned(value, int(found.generation))
    return Versioned(value, int(blob.generation))


def create(bucket: Bucket, name: str, value: Any) -> bool:
    """Write ``value`` unless an object of that name exists; say whether this call (or its own retry) wrote it."""
    try:
        replace(bucket, name, value, expected=ABSENT)
    except LostRace:
        return False
    return True


def update(bucket: Bucket, name: str, change: Callable[[Any], Any]) -> Versioned:
    """Replace the value by ``change(value)`` until no other writer comes between; ``None`` stands for absent.

    ``change`` may run more than once and must be pure. Returning its argument unchanged writes nothing.
    """
    while True:
        found = read(bucket, name)
        value = change(found.value)
        if value == found.value:
            return found
        try:
            return replace(bucket, name, value, expected=found.generation)
        except LostRace:
            continue


def names(bucket: Bucket, prefix: str) -> Iterator[str]:
    """Names of the objects under ``prefix``, in order."""
    for blob in bucket.list_blobs(prefix=prefix, timeout=TIMEOUT_S, retry=RETRY):
        yield blob.name
