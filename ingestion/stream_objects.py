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


def delete(blobs: Iterable[Blob]) -> None:
    """Delete these objects; nothing where one is gone already."""
    for blob in blobs:
        with suppress(NotFound):  # the client retries a delete whose response was lost
            blob.delete(timeout=objects.TIMEOUT_S, retry=objects.RETRY)


def _list(bucket: Bucket, prefix: str) -> list[Blob]:
    """Objects under ``prefix`` with their metadata, without foreign ones: those are not ours to delete."""
    blobs = bucket.list_blobs(prefix=prefix, timeout=objects.TIMEOUT_S, retry=objects.RETRY)
    return [blob for blob in blobs if bronze.parse(blob.name)]
