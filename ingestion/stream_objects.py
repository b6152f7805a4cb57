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


def rows(blobs: Iterable[Blob]) -> int:
    """Rows in these objects, by their Parquet footers."""
    total = 0
    for blob in blobs:
        with blob.open("rb") as file:
            total += pq.read_metadata(file).num_rows
    return total


def delete_all(bucket: Bucket, connection: str, stream: str) -> None:
    """Delete every object of a stream."""
    _delete(_list(bucket, bronze.folder(connection, stream)))


def delete_older(bucket: Bucket, connection: str, stream: str, generation: int) -> None:
    """Delete the objects of generations before ``generation``: the full refresh of it is complete."""
    blobs = _list(bucket, bronze.folder(connection, stream))
    _delete(blob for blob in blobs if int((blob.metadata or {}).get(GENERATION, 0)) < generation)


def delete_sync(bucket: Bucket, connection: str, stream: str, epoch_ms: int) -> None:
    """Delete what one sync has written of a stream."""
    _delete(of_sync(bucket, connection, stream, epoch_ms))


def _list(bucket: Bucket, prefix: str) -> list[Blob]:
    """Objects under ``prefix`` with their metadata, without foreign ones: those are not ours to delete."""
    blobs = bucket.list_blobs(prefix=prefix, timeout=objects.TIMEOUT_S, retry=objects.RETRY)
    return [blob for blob in blobs if bronze.parse(blob.name)]


def _delete(blobs: Iterable[Blob]) -> None:
    for blob in blobs:
        with suppress(NotFound):  # the client retries a delete whose response was lost
            blob.delete(timeout=objects.TIMEOUT_S, retry=objects.RETRY)
