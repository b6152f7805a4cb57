"""Table files on local disk: each fetched once by digest, checked, and decoded to Arrow IPC for memory mapping.

    <directory>/tables/<digest>.arrow

The name says the whole content, a file is complete or absent (temporary name, then rename), and the folder may be
deleted at any time: a restart goes on with what it finds.
"""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from google.cloud.storage import Bucket

from biaac import releases
from biaac.errors import PermanentError
from biaac.releases import DataFile, TableManifest
from cache_service.results import SingleFlight
from cache_service.schemas import disk_schema

ROWS = 65_536  # of a batch: small enough to stripe a month over the cores, large enough to be cheap
FETCHERS = 4  # a fetch waits for the network, a decode for a core


class Loaded(NamedTuple):
    """The files of a table on disk, and how many bytes had to be fetched for them."""

    paths: list[Path]
    bytes_fetched: int


class Store:
    """The folder, and the fetches under way."""

    def __init__(self, lake: Bucket, directory: Path, capacity: int) -> None:
        self.lake, self.capacity = lake, capacity
        self.directory = directory / "tables"
        self.directory.mkdir(parents=True, exist_ok=True)
        for abandoned in self.directory.glob("*.tmp"):
            abandoned.unlink(missing_ok=True)
        self._fetches: SingleFlight[int] = SingleFlight()
        self._pool = ThreadPoolExecutor(FETCHERS, thread_name_prefix="fetch")

    def load(self, manifest: TableManifest) -> Loaded:
        """Every file of a table, fetched where it is not here yet.

        Raises ``PermanentError`` for a file that is missing, is not what its digest says, or lacks a column.
        """
        schema = disk_schema(manifest)
        files = list(self._pool.map(lambda file: self._file(manifest.name, file, schema), manifest.files))
        return Loaded([path for path, _ in files], sum(fetched for _, fetched in files))

    def size(self) -> tuple[int, int]:
        """Number of files and their bytes."""
        sizes = [path.stat().st_size for path in self.directory.glob("*.arrow")]
        return len(sizes), sum(sizes)

    def evict(self, keep: Iterable[TableManifest]) -> None:
        """Delete the least recently used files above the capacity, none that ``keep`` needs.

        Workers that have a deleted file mapped go on reading it: its pages live as long as the mapping.
        """
        needed = {self._path(file) for manifest in keep for file in manifest.files}
        by_age = sorted((path.stat().st_mtime, path.stat().st_size, path) for path in self.directory.glob("*.arrow"))
        excess = sum(size for _, size, _ in by_age) - self.capacity
        for _, size, path in by_age:
            if excess <= 0:
                return
            if path not in needed:
                path.unlink(missing_ok=True)
                excess -= size

    def _path(self, file: DataFile) -> Path:
        return self.directory / f"{file.digest}.arrow"

    def _file(self, table: str, file: DataFile, schema: pa.Schema) -> tuple[Path, int]:
        path = self._path(file)
        fetched, mine = (
            (0, True) if path.exists() else self._fetches.do(path, lambda: self._fetch(table, file, schema, path))
        )
        os.utime(path)  # last used: what eviction goes by
        return path, fetched if mine else 0

    def _fetch(self, table: str, file: DataFile, schema: pa.Schema, path: Path) -> int:
        data = releases.read_file(self.lake, file)
        decoded = decode(table, file, data, schema)
        temporary = path.with_name(f"{path.name}.{uuid4().hex}.tmp")
        with temporary.open("wb") as sink:
            with pa.ipc.new_file(sink, schema) as writer:
                writer.write_table(decoded, max_chunksize=ROWS)
            sink.flush()
            os.fsync(sink.fileno())  # a name that promises a content must not survive a power cut without it
        temporary.rename(path)
        return len(data)


def decode(table: str, file: DataFile, data: bytes, schema: pa.Schema) -> pa.Table:
    """The rows of a Parquet file in the form the table has on disk."""
    rows = pq.read_table(pa.BufferReader(data))
    if missing := [name for name in schema.names if name not in rows.column_names]:
        raise PermanentError(f"{table}: {file.path} has no column {missing[0]}, which the manifest names")
    columns = []
    for field in schema:
        column = rows.column(field.name).combine_chunks()
        try:
            # A zero more: DataFusion sorts and groups a negative zero apart from zero, which DuckDB does not.
            whole = pc.add(column, 0.0) if pa.types.is_floating(column.type) else column
            columns.append(whole.cast(field.type))
        except pa.ArrowInvalid as error:
            raise PermanentError(f"{table}.{field.name}: {file.path} is no {field.type}: {error}") from None
    return pa.Table.from_arrays(columns, schema=schema)
