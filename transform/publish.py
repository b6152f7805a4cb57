"""Gold becomes a candidate release: immutable, content-addressed Parquet and a manifest for each table.

A table, or a partition of one, with the rows of the parent release is carried over by reference. Only files with new
rows are written and uploaded. The same rows give the same bytes: ordered by the table's unique key, zstd, one
DuckDB version (its name is in the footer). The number of threads does not matter.

A file is read back before it is uploaded: it holds exactly the rows that the lake has, or nothing is published.
"""

import contextlib
import hashlib
from collections.abc import Container
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from google.api_core.exceptions import PreconditionFailed
from google.cloud.storage import Bucket

from biaac import objects, releases, types
from biaac.errors import PermanentError
from biaac.releases import Column, DataFile, Release, StreamFreshness, TableManifest, TableReference
from transform.build import GoldTable, ModelsRefused

WRITER = f"duckdb {duckdb.__version__}, zstd, layout 2"  # in every fingerprint; a new layout number rewrites all files
UPLOADS = 4  # at once: a file is some megabytes, and uploading is waiting
UPLOAD_S = 300


@dataclass(frozen=True)
class Published:
    """Manifests of all tables that have data, the streams that the others wait for, and how much of it is new."""

    tables: dict[str, TableReference]
    waiting: dict[str, list[str]]
    files: int
    files_written: int
    rows_written: int


@dataclass(frozen=True)
class _Rows:
    """The rows of one partition, or of a whole table: how many, and sum and xor of their hashes, in any order."""

    partition: str | None  # the value as text; None for NULL and for a whole table
    count: int
    hashes: tuple[int, int]

    def fingerprint(self, table: GoldTable, columns: list[Column]) -> str:
        """Names these rows in this layout: another release's file of this fingerprint is the one to write."""
        schema = [(column.name, column.type) for column in columns]
        return releases.digest([WRITER, schema, table.grain, self.count, *map(str, self.hashes)])


def publish(
    connection: duckdb.DuckDBPyConnection,
    lake: Bucket,
    tables: list[GoldTable],
    parent: Release | None,
    *,
    freshness: list[StreamFreshness],
) -> Published:
    """Put every table's files and manifest in place; the caller writes the release that names them.

    A table without rows waits while a stream that feeds it has never been synced: zero would be a lie. This may be
    killed anywhere and called again: an object is named by the digest of its content, so one that is there is right.
    """
    reached = {f"{stream.connection}/{stream.stream}": stream.data_as_of for stream in freshness}
    written: list[DataFile] = []
    manifests: list[tuple[GoldTable, TableManifest]] = []
    waiting: dict[str, list[str]] = {}
    with TemporaryDirectory(prefix="biaac-publish-") as folder, ThreadPoolExecutor(UPLOADS) as pool:
        uploads: list[Future[None]] = []
        for table in tables:
            columns = _valid_columns(connection, table)
            partitions = _partitions(connection, table, columns)
            if never := _waits_for(table, partitions, reached):
                waiting[table.name] = never
                continue
            known, files = _files_of(lake, parent, table.name), []
            for rows in partitions:
                file = known.get((rows.partition, rows.fingerprint(table, columns)))
                if file is None:
                    path = Path(folder) / f"{len(written)}.parquet"
                    file = _write(connection, table, columns, rows, path)
                    uploads.append(pool.submit(_upload, lake, file.path, path))
                    written.append(file)
                files.append(file)
            manifests.append((table, _manifest(table, columns, files)))
        _ = [upload.result() for upload in uploads]
    # Only now: a manifest never names a file that is not in place.
    references = {table.name: _reference(lake, table, manifest, reached) for table, manifest in manifests}
    count = sum(len(manifest.files) for _, manifest in manifests)
    return Published(references, waiting, count, len(written), sum(file.rows for file in written))


def _waits_for(table: GoldTable, partitions: list[_Rows], reached: Container[str]) -> list[str]:
    """The streams that were never synced, of a table that has no data yet for that reason."""
    never = sorted(stream for stream in table.streams if stream not in reached)
    return never if len(never) == len(table.streams) or not partitions else []


def _reference(
    lake: Bucket, table: GoldTable, manifest: TableManifest, reached: dict[str, datetime | None]
) -> TableReference:
    """Store a manifest; the table with the streams that feed it, and how far they reach."""
    times = [time for stream in table.streams if (time := reached.get(stream))]
    fed = {"streams": sorted(table.streams), "data_as_of": max(times, default=None)}
    return releases.write_manifest(lake, manifest).model_copy(update=fed)


def _columns(connection: duckdb.DuckDBPyConnection, table: GoldTable) -> list[Column]:
    described = connection.execute(f"DESCRIBE SELECT * FROM {table.relation}").fetchall()
    return [
        Column(name=name, type=kind, description=table.column_descriptions.get(name, ""))
        for name, kind, *_ in described
    ]


def _valid_columns(connection: duckdb.DuckDBPyConnection, table: GoldTable) -> list[Column]:
    """The columns; ``ModelsRefused`` for one, or a value of one, that does not go unharmed to every reader."""
    columns = _columns(connection, table)
    try:
        types.check_columns(table.name, {column.name: column.type for column in columns})
    except PermanentError as error:
        raise ModelsRefused(error.message, hint=error.hint) from None
    conditions = {c.name: where for c in columns if (where := types.outside(_quoted(c.name), c.type))}
    counts = ", ".join(f"COUNT(*) FILTER (WHERE {where})" for where in conditions.values()) or "0"
    found = connection.execute(f"SELECT {counts} FROM {table.relation}").fetchall()[0] if conditions else ()
    for (name, where), rows in zip(conditions.items(), found, strict=True):
        if rows:
            raise ModelsRefused(
                f"{table.name}.{name}: {rows} rows that no reader can show, such as infinity, NaN or the year 10000",
                hint=f"have the model make NULL of them: SELECT * FROM {table.name} WHERE {where}",
            )
    return columns


def _files_of(lake: Bucket, release: Release | None, table: str) -> dict[tuple[str | None, str], DataFile]:
    """(partition, fingerprint) -> file of the parent release."""
    if release is None or table not in release.tables:
        return {}
    manifest = releases.read_manifest(lake, release.tables[table])
    return {(file.partition, file.fingerprint): file for file in manifest.files}


def _partitions(connection: duckdb.DuckDBPyConnection, table: GoldTable, columns: list[Column]) -> list[_Rows]:
    """Every partition in one scan. Rows of NULL are a partition; values that are equal but for their text are one."""
    group = _quoted(table.partitioned_by) if table.partitioned_by else None
    scanned = connection.execute(
        f"SELECT {group or 'NULL'}::VARCHAR, {_measures(columns)} FROM {table.relation}"
        f" {f'GROUP BY {group}' if group else ''} ORDER BY 1"
    ).fetchall()
    return [_Rows(partition, count, (total, xor)) for partition, count, total, xor in scanned if count]


def _write(
    connection: duckdb.DuckDBPyConnection, table: GoldTable, columns: list[Column], rows: _Rows, path: Path
) -> DataFile:
    """Write one file, read it back, and describe it. A partition's value is a parameter, never a part of the SQL."""
    selection, value = _selection(table, columns, rows)
    key = ", ".join(map(_quoted, table.grain))
    connection.execute(f"COPY ({selection} ORDER BY {key}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)", value)
    if difference := _difference(connection, columns, rows, path, lake=(selection, value)):
        partition = f" of partition {rows.partition!r}" if table.partitioned_by else ""
        raise RuntimeError(f"{table.name}: the file{partition} does not hold what the lake has: {difference}")
    with path.open("rb") as data:
        digest = hashlib.file_digest(data, "sha256").hexdigest()
    return DataFile(
        path=f"gold/{table.name.partition('.')[2]}/{digest}.parquet",
        digest=digest,
        bytes=path.stat().st_size,
        rows=rows.count,
        partition=rows.partition,
        fingerprint=rows.fingerprint(table, columns),
    )


def _selection(table: GoldTable, columns: list[Column], rows: _Rows) -> tuple[str, list[str]]:
    """The query of one partition, and its parameters."""
    everything = f"SELECT * FROM {table.relation}"
    if table.partitioned_by is None:
        return everything, []
    if rows.partition is None:
        return f"{everything} WHERE {_quoted(table.partitioned_by)} IS NULL", []
    kind = next(column.type for column in columns if column.name == table.partitioned_by)
    return f"{everything} WHERE {_quoted(table.partitioned_by)} = CAST($1 AS {kind})", [rows.partition]


def _difference(
    connection: duckdb.DuckDBPyConnection,
    columns: list[Column],
    rows: _Rows,
    path: Path,
    lake: tuple[str, list[str]],
) -> str:
    """How the rows of a file differ from the lake's, in words; empty where each value of each row is the same."""
    typed = ", ".join(f"{_quoted(column.name)}::{column.type} AS {_quoted(column.name)}" for column in columns)
    file = f"SELECT {typed} FROM READ_PARQUET('{path}')"
    count, *hashes = connection.execute(f"SELECT {_measures(columns)} FROM ({file})").fetchall()[0]
    if (count, *hashes) == (rows.count, *rows.hashes):
        return ""
    if count != rows.count:
        return f"{count} rows instead of {rows.count}"
    for column in columns:
        name = _quoted(column.name)
        measure = f"SELECT COUNT({name}), SUM(HASH({name})), BIT_XOR(HASH({name})) FROM"
        here = connection.execute(f"{measure} ({file})").fetchall()[0]
        there = connection.execute(f"{measure} ({lake[0]})", lake[1]).fetchall()[0]
        if here != there:
            nulls = f"{count - here[0]} NULLs instead of {count - there[0]}"
            return f"column {column.name} ({column.type}) has {nulls if here[0] != there[0] else 'other values'}"
    return "its columns hold the same values, but in other rows"


def _measures(columns: list[Column]) -> str:
    """How many rows, and sum and xor of their hashes: of equal rows they are equal, in any order."""
    names = ", ".join(_quoted(column.name) for column in columns)
    return f"COUNT(*), SUM(HASH({names})), BIT_XOR(HASH({names}))"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _upload(lake: Bucket, name: str, path: Path) -> None:
    # Where it is there already another release has the same rows: the name is the digest, so the bytes are the same.
    with contextlib.suppress(PreconditionFailed):
        lake.blob(name).upload_from_filename(
            str(path),
            content_type="application/vnd.apache.parquet",
            if_generation_match=objects.ABSENT,
            timeout=UPLOAD_S,
            retry=objects.RETRY,
        )


def _manifest(table: GoldTable, columns: list[Column], files: list[DataFile]) -> TableManifest:
    if undescribed := [column.name for column in columns if not column.description]:
        raise ModelsRefused(
            f"{table.name}: no comment on {', '.join(undescribed)}",
            hint="write it beside the column: amount, -- Money taken.",
        )
    return TableManifest(
        name=table.name,
        description=table.description,
        owner=table.owner,
        grain=table.grain,
        columns=columns,
        partitioned_by=table.partitioned_by,
        sorted_by=table.grain,
        rows=sum(file.rows for file in files),
        files=files,
    )
