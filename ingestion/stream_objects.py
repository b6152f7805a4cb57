"""The Bronze objects of one stream: found by their names, counted, deleted."""

from collections.abc import Iterable
from contextlib import suppress

import pyarrow.parquet as pq
from google.api_core.exceptions import NotFound
from google.cloud.storage import Blob, Bucket

from biaac import bronze, objects

GENERATION = "ab-generation-id"  # the metadata key; an object without it counts as generation 0


def of_sync(bucket: Bucket, connection: str, stream: str, epoch_ms: int) -> list[Blob]:
    """The objects that one sync has written of a stream."""
    return _list(bucket, bronze.prefix(connection, stream, epoch_ms))


def of_stream(bucket: Bucket, connection: str, stream: str) -> list[Blob]:
    """Every object of a stream."""
    return _list(bucket, bronze.folder(connection, stream))


def rows(blobs: Iterable[Blob]) -> int:
    """Rows in these objects, by their Parquet footers."""
    total = 0
    for blob in blobs:
        with blob.open("rb") as file:
            total += pq.read_metadata(file).num_rows
    return total


def generation(blob: Blob) -> int:
    """The generation of the stream that an object belongs to."""
    return int((blob.metadata or {}).get(GENERATION, 0))


def named_by_ledgers(lake: Bucket, connection: str, stream: str) -> set[str]:
    """Names of a stream's objects that the newest load of an environment has: ``gs://LAKE/ledger/<environment>.json``.

    The transform reads them until its next load has others.
    """
    named: set[str] = set()
    for name in objects.names(lake, "ledger/"):
        ledger = objects.read(lake, name).value or {}
        loads = {
            file: each.get("load_id", 0) for file, each in ledger["streams"].get(f"{connection}/{stream}", {}).items()
        }
        newest = max(loads.values(), default=0)
        named |= {file for file, load in loads.items() if load == newest and load}
    return named


def delete(blobs: Iterable[Blob]) -> None:
    """Delete these objects; nothing where one is gone already."""
    for blob in blobs:
        with suppress(NotFound):  # the client retries a delete whose response was lost
            blob.delete(timeout=objects.TIMEOUT_S, retry=objects.RETRY)


def _list(bucket: Bucket, prefix: str) -> list[Blob]:
    """Objects under ``prefix`` with their metadata, without foreign ones: those are not ours to delete."""
    blobs = bucket.list_blobs(prefix=prefix, timeout=objects.TIMEOUT_S, retry=objects.RETRY)
    return [blob for blob in blobs if bronze.parse(blob.name)]
