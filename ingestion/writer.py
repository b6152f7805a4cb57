"""Writes the rows of a stream as Bronze objects, named and typed as Airbyte's destination-gcs 1.0 does.

An object appears under its name when it is complete, before the sync succeeds. Its metadata names the generation
it belongs to. Rows go to Cloud Storage as they come, so memory does not grow with them.
"""

import json
import re
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache, partial
from operator import itemgetter
from os import urandom
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from google.cloud.storage import Blob, Bucket

from biaac import bronze, objects
from ingestion import messages, stream_objects
from ingestion.schema import Kind, convert, kind_of

GROUP_ROWS = 131_072  # a row group: large enough to compress and scan well, small enough to hold
GROUP_BYTES = 64 << 20  # of Arrow memory
PART_ROWS = 500_000  # readers work on parts in parallel
PART_BYTES = 200 << 20  # where the destination rolls
CHUNK_BYTES = 8 << 20  # of an upload; the multiple of 256 KiB that Cloud Storage advises
TIMEOUT_S = 60  # of one chunk

CHANGE = pa.struct([pa.field(name, pa.string(), nullable=False) for name in ("field", "change", "reason")])
META = pa.struct(
    [
        pa.field("sync_id", pa.int64(), nullable=False),
        pa.field("changes", pa.list_(pa.field("element", CHANGE, nullable=False)), nullable=False),
    ]
)
NULLED = {"change": "NULLED", "reason": "DESTINATION_SERIALIZATION_ERROR"}
COLUMNS = [
    pa.field("_airbyte_raw_id", pa.string(), nullable=False),
    pa.field("_airbyte_extracted_at", pa.timestamp("ms", "UTC"), nullable=False),
    pa.field("_airbyte_meta", META, nullable=False),
    pa.field("_airbyte_generation_id", pa.int64(), nullable=False),
]


@dataclass
class _Batch:
    """Rows on their way to Arrow: as Python has them, and the lines they came in."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    extracted_at: list[int] = field(default_factory=list)
    changes: dict[int, list[dict[str, str]]] = field(default_factory=dict)  # by row

    def exactly(self, field: str) -> list[msgspec.Raw]:
        """One field of every row, letter for letter: only read where a value does not fit its column as it is."""
        return list(map(messages.reader(field), self.lines))


@dataclass
class StreamWriter:
    """Writes the rows of one stream in one sync. ``nulled`` counts, by column, values that could not be held."""

    bucket: Bucket
    connection: str
    stream: str
    json_schema: dict[str, Any]
    sync_id: int
    generation: int
    epoch_ms: int
    nulled: Counter[str] = field(default_factory=Counter)  # of rows in place

    _rows_in_place: int = 0
    _rows_on_the_way: int = 0
    _next_part: int = 0
    _taken: _Batch = field(default_factory=_Batch)
    _batches: list[pa.RecordBatch] = field(default_factory=list)
    _nulled_on_the_way: Counter[str] = field(default_factory=Counter)
    _part: "_Part | None" = None

    def __post_init__(self) -> None:
        self._kinds = {name: kind_of(value) for name, value in self.json_schema.get("properties", {}).items()}
        self._columns = bronze.columns(self._kinds)
        self._schema = _arrow_schema(self._kinds, self._columns)
        # Not empty after an earlier attempt, or where this job was killed and is run again.
        in_place = stream_objects.of_sync(self.bucket, self.connection, self.stream, self.epoch_ms)
        names = [bronze.parse(blob.name) for blob in in_place]
        self._next_part = max((name.part for name in names if name), default=-1) + 1
        self._rows_in_place = stream_objects.rows(in_place)

    @property
    def renamed(self) -> dict[str, str]:
        """Field -> column, where a field has not the column that one expects."""
        return bronze.renamed(self._columns)

    def add(
        self, row: dict[str, Any], extracted_at: int, line: bytes, changes: list[dict[str, str]] | None = None
    ) -> None:
        """Take one row of a ``line`` (``extracted_at`` in epoch milliseconds), with what the source changed in it."""
        if changes:
            self._taken.changes[len(self._taken.rows)] = changes
        self._taken.rows.append(row)
        self._taken.lines.append(line)
        self._taken.extracted_at.append(extracted_at)

    def convert(self) -> None:
        """Turn the rows taken so far into Arrow memory, and full row groups into uploaded bytes."""
        if not self._taken.rows:
            return
        self._batches.append(self._record_batch(self._taken))
        self._rows_on_the_way += len(self._taken.rows)
        self._taken = _Batch()
        if sum(b.num_rows for b in self._batches) >= GROUP_ROWS or sum(b.nbytes for b in self._batches) >= GROUP_BYTES:
            self._write_group()
            if self._part and (self._part.rows >= PART_ROWS or self._part.bytes >= PART_BYTES):
                self._finish_part()

    def finish_part(self) -> None:
        """Put everything taken so far in place."""
        self.convert()
        self._write_group()
        self._finish_part()

    def abandon(self) -> None:
        """Drop what is not in place; no object appears for it."""
        if self._part:
            self._part.abandon()
            self._part = None
        self._taken, self._batches, self._rows_on_the_way = _Batch(), [], 0
        self._nulled_on_the_way.clear()

    @property
    def rows(self) -> int:
        """Rows of this sync, in place or on the way."""
        return self._rows_in_place + self._rows_on_the_way + len(self._taken.rows)

    def _record_batch(self, taken: _Batch) -> pa.RecordBatch:
        count = len(taken.rows)
        columns: list[pa.Array] = []
        changes = taken.changes
        for (name, kind), values in zip(self._kinds.items(), _values(taken.rows, list(self._kinds)), strict=True):
            column, nulled = convert(kind, values, name, partial(taken.exactly, name))
            columns.append(column)
            for row, paths in nulled.items():
                changes.setdefault(row, []).extend({"field": path, **NULLED} for path in paths)
        self._nulled_on_the_way.update(self._column_of(change) for all_ in changes.values() for change in all_)
        head = [
            _raw_ids(count),
            pa.array(taken.extracted_at, pa.int64()).cast(COLUMNS[1].type),
            _meta(self.sync_id, count, changes),
            pa.repeat(pa.scalar(self.generation, pa.int64()), count),
        ]
        return pa.RecordBatch.from_arrays([*head, *columns], schema=self._schema)

    def _column_of(self, change: dict[str, str]) -> str:
        """The column of a change: its path begins with the field."""
        path = change["field"]
        name = path if path in self._columns else re.split(r"[.\[]", path)[0]
        return self._columns.get(name, name)

    def _write_group(self) -> None:
        if not self._batches:
            return
        if self._part is None:
            name = bronze.ObjectName(self.connection, self.stream, self.epoch_ms, part=self._next_part)
            blob = self.bucket.blob(str(name))
            blob.metadata = {stream_objects.GENERATION: str(self.generation)}
            self._part = _Part(blob, self._schema, self._columns)
        self._part.add(pa.Table.from_batches(self._batches))
        self._batches = []

    def _finish_part(self) -> None:
        if self._part is None:
            return
        self._part.finish()
        self._rows_in_place += self._part.rows
        self._rows_on_the_way -= self._part.rows
        self._next_part += 1
        self._part = None
        self.nulled += self._nulled_on_the_way
        self._nulled_on_the_way.clear()


class _Part:
    """One object on its way: the file that Parquet writes to, uploaded as its bytes come.

    The upload is resumable: nothing is visible before ``finish``. Abandoned, it swallows what still comes, since the
    Parquet writer ends its file even when it is thrown away.
    """

    closed = False  # asked by Arrow

    def __init__(self, blob: Blob, schema: pa.Schema, columns: dict[str, str]) -> None:
        self.rows = 0
        self.bytes = 0
        self._abandoned = False
        self._upload = blob.open(
            "wb",
            chunk_size=CHUNK_BYTES,
            ignore_flush=True,
            content_type="application/vnd.apache.parquet",
            if_generation_match=objects.ABSENT,
            timeout=TIMEOUT_S,
            retry=objects.RETRY,
        )
        self._parquet = pq.ParquetWriter(self, schema, compression="zstd", store_schema=False)
        self._parquet.add_key_value_metadata({bronze.COLUMNS_KEY: json.dumps(columns)})

    def add(self, table: pa.Table) -> None:
        self._parquet.write_table(table, row_group_size=len(table))
        self.rows += len(table)

    def finish(self) -> None:
        self._parquet.close()
        self._upload.close()

    def abandon(self) -> None:
        self._abandoned = True
        self._upload.terminate()
        self._parquet.close()

    def write(self, data: bytes) -> int:
        if not self._abandoned:
            self._upload.write(data)
        self.bytes += len(data)
        return len(data)

    def tell(self) -> int:
        return self.bytes

    def flush(self) -> None:
        """Nothing to do: Cloud Storage takes whole chunks."""

    def close(self) -> None:
        """Nothing to do: ``finish`` and ``abandon`` end the upload."""


def _arrow_schema(kinds: dict[str, Kind], columns: dict[str, str]) -> pa.Schema:
    return pa.schema([*COLUMNS, *(pa.field(columns[name], kind.arrow) for name, kind in kinds.items())])


def _values(rows: list[dict[str, Any]], names: list[str]) -> list[list[Any]]:
    """The values of each column; a key that a row does not have is NULL."""
    if len(names) > 1:
        with suppress(KeyError):  # the common case, at a third of the price: every row has every key
            return [list(values) for values in zip(*map(itemgetter(*names), rows), strict=True)]
    return [[row.get(name) for row in rows] for name in names]


def _raw_ids(count: int) -> pa.Array:
    """UUIDs of version 7 whose last part counts the rows of a batch: no row costs a call, and later rows sort later."""
    milliseconds = f"{int(time.time() * 1000):012x}"
    chance = int.from_bytes(urandom(4), "big")
    head = f"{milliseconds[:8]}-{milliseconds[8:]}-7{chance >> 16 & 0xFFF:03x}-{0x8000 | chance & 0x3FFF:04x}-"
    return pc.binary_join_element_wise(head, _counted(1 << count.bit_length()).slice(0, count), "")


@lru_cache(maxsize=1)
def _counted(count: int) -> pa.Array:
    return pa.array([f"{row:012x}" for row in range(count)])


def _meta(sync_id: int, count: int, changes: dict[int, list[dict[str, str]]]) -> pa.StructArray:
    kind = META.field("changes").type
    if changes:
        changed = pa.array([changes.get(row, []) for row in range(count)], kind)
    else:
        changed = pa.ListArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), count + 1), pa.array([], CHANGE), kind)
    return pa.StructArray.from_arrays([pa.repeat(pa.scalar(sync_id, pa.int64()), count), changed], fields=list(META))
