"""Bronze objects as they are written to a real storage server."""

import io
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from google.cloud.storage import Bucket

from biaac.clients import storage_client
from biaac.settings import Settings
from ingestion.writer import PART_ROWS, StreamWriter

EPOCH_MS = 1_795_474_109_913  # 2026-11-23 22:48:29.913 UTC


@pytest.fixture
def bucket(settings: Settings) -> Bucket:
    return storage_client(settings).bucket(settings.bronze_bucket)


def writer(bucket: Bucket, **properties: Any) -> StreamWriter:
    return StreamWriter(
        bucket,
        connection="shop",
        stream="orders",
        json_schema={"properties": properties or {"id": {"type": "integer"}, "name": {"type": "string"}}},
        sync_id=7,
        generation=0,
        epoch_ms=EPOCH_MS,
    )


def add(orders: StreamWriter, row: dict[str, Any]) -> None:
    orders.add(row, EPOCH_MS, msgspec.json.encode({"type": "RECORD", "record": {"data": row}}))


def test_objects_are_named_by_the_start_of_the_sync_and_roll(bucket: Bucket) -> None:
    orders = writer(bucket)
    total = PART_ROWS + 200_000  # written by groups of 150,000: the first part takes four
    for first in range(0, total, 50_000):
        for n in range(first, first + 50_000):
            add(orders, {"id": n, "name": "same"})
        orders.convert()
    assert orders.rows == total
    orders.finish_part()
    blobs = list(bucket.list_blobs())
    assert [blob.name for blob in blobs] == [f"shop/orders/2026_11_23_{EPOCH_MS}_{part}.parquet" for part in (0, 1)]
    assert orders.rows == total
    files = [pq.ParquetFile(io.BytesIO(blob.download_as_bytes())) for blob in blobs]
    assert sum(file.metadata.num_rows for file in files) == total
    assert files[0].metadata.num_rows >= PART_ROWS
    assert files[0].metadata.row_group(0).column(0).compression == "ZSTD"
    ids = pq.read_table(io.BytesIO(blobs[0].download_as_bytes()))["_airbyte_raw_id"]
    assert len(ids.unique()) == len(ids)


def test_a_writer_of_the_same_sync_goes_on_after_the_parts_that_are_there(bucket: Bucket) -> None:
    for n in range(2):
        orders = writer(bucket)
        add(orders, {"id": n, "name": "a"})
        orders.finish_part()
        assert orders.rows == n + 1
    assert [blob.name[-9:] for blob in bucket.list_blobs()] == ["0.parquet", "1.parquet"]


def test_rows_that_are_abandoned_leave_no_object_and_harm_none(bucket: Bucket) -> None:
    orders = writer(bucket)
    add(orders, {"id": 1, "name": "kept"})
    orders.finish_part()
    for n in range(200_000):  # more than a row group: an upload has begun
        add(orders, {"id": n, "name": f"{n:x}" * 20})
    orders.convert()
    orders.abandon()
    assert orders.rows == 1
    (blob,) = bucket.list_blobs()
    assert pq.read_table(io.BytesIO(blob.download_as_bytes()))["name"].to_pylist() == ["kept"]


def test_rows_without_some_of_their_keys_have_null_there_and_unknown_keys_are_dropped(bucket: Bucket) -> None:
    orders = writer(bucket)
    add(orders, {"id": 1})
    add(orders, {"name": "b", "surprise": 1})
    orders.finish_part()
    (blob,) = bucket.list_blobs()
    rows = pq.read_table(io.BytesIO(blob.download_as_bytes())).select(["id", "name"]).to_pylist()
    assert rows == [{"id": 1, "name": None}, {"id": None, "name": "b"}]
