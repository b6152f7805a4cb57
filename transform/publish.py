"""Gold becomes a candidate release: immutable, content-addressed Parquet and a manifest for each table.

A table, or a partition of one, with the rows of the parent release is carried over by reference. Only files with new
rows are written and uploaded. The same rows give the same bytes: ordered by the table's unique key, zstd, one
DuckDB version (its name is in the footer). The number of threads does not matter.
"""

import contextlib
import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from google.api_core.exceptions import PreconditionFailed
from google.cloud.storage import Bucket

from biaac import objects, releases
from biaac.errors import PermanentError
from biaac.releases import Column, DataFile, Release, TableManifest, TableReference
from transform.build import GoldTable

WRITER = f"duckdb {duckdb.__version__}, zstd, layout 1"  # in every fingerprint; a new layout number rewrites all files
UPLOADS = 4  # at once: a file is some megabytes, and uploading is waiting
UPLOAD_S = 300


@dataclass(frozen=True)
class Published:
    """Manifests of all tables, and how much of them is new."""

    tables: dict[str, TableReference]
    files: int
    files_written: int
    rows_written: int


@dataclass(frozen=True)
class _Rows:
    """The rows of one partition, or of a whole table: how many, which, and a predicate that selects them."""

    partition: str | None
    count: int
    fingerprint: str
    predicate: str


def publish(
    connection: duckdb.DuckDBPyConnection, lake: Bucket, tables: list[GoldTable], parent: Release | None
) -> Published:
    """Put every table's files and manifest in place; the caller writes the release that names them.

    May be killed anywhere and called again: a name is the digest of the content, so an object of that name is right.
    """
    written: list[DataFile] = []
    references: dict[str, TableReference] = {}
    count = 0
    with TemporaryDirectory(prefix="biaac-publish-") as folder, ThreadPoolExecutor(UPLOADS) as pool:
        uploads: list[Future[None]] = []
        manifests = []
        for table in tables:
            columns = _columns(connection, table)
            known = _files_of(lake, parent, table.name)
            files = []
            for rows in _partitions(connection, table, columns):
                file = known.get((rows.partition, rows.fingerprint))
                if file is None:
                    file, path = _write(connection, table, rows, Path(folder))
                    uploads.append(pool.submit(_upload, lake, file.path, path))
                    written.append(file)
                files.append(file)
            manifests.append(_manifest(table, columns, files))
            count += len(files)
        for upload in uploads:
            upload.result()
        for manifest in manifests:  # only now: a manifest never names a file that is not in place
            references[manifest.name] = releases.write_manifest(lake, manifest)
    return Published(references, count, len(written), sum(file.rows for file in written))


def _columns(connection: duckdb.DuckDBPyConnection, table: GoldTable) -> list[Column]:
    described = connection.execute(f"DESCRIBE SELECT * FROM {table.relation}").fetchall()
    return [
        Column(name=name, type=kind, description=table.column_descriptions.get(name, ""))
        for name, kind, *_ in described
    ]


def _files_of(lake: Bucket, release: Release | None, table: str) -> dict[tuple[str | None, str], DataFile]:
    """(partition, fingerprint) -> file of the parent release."""
    if release is None or table not in release.tables:
        return {}
    manifest = releases.read_manifest(lake, release.tables[table])
    return {(file.partition, file.fingerprint): file for file in manifest.files}


def _partitions(connection: duckdb.DuckDBPyConnection, table: GoldTable, columns: list[Column]) -> list[_Rows]:
    """Count and fingerprint of every partition in one scan; independent of the order of rows."""
    names = ", ".join(f'"{column.name}"' for column in columns)
    partition = f'"{table.partitioned_by}"' if table.partitioned_by else None
    scanned = connection.execute(
        f"SELECT {partition or 'NULL'}::VARCHAR, COUNT(*), SUM(HASH({names})), BIT_XOR(HASH({names}))"
        f" FROM {table.relation} GROUP BY 1 ORDER BY 1"
    ).fetchall()
    schema = [(column.name, column.type) for column in columns]
    return [
        _Rows(
            partition=value,
            count=count,
            fingerprint=releases.digest([WRITER, schema, table.grain, count, str(total), str(xor)]),
            predicate=f"{partition} = '{value}'" if partition else "TRUE",
        )
        for value, count, total, xor in scanned
    ]


def _write(connection: duckdb.DuckDBPyConnection, table: GoldTable, rows: _Rows, folder: Path) -> tuple[DataFile, Path]:
    """Write one file into ``folder`` and describe it."""
    short = table.name.partition(".")[2]
    path = folder / f"{short}-{rows.partition or 'all'}.parquet"
    key = ", ".join(f'"{column}"' for column in table.grain)
    selected = f"SELECT * FROM {table.relation} WHERE {rows.predicate}"
    connection.execute(f"COPY ({selected} ORDER BY {key}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    with path.open("rb") as data:
        digest = hashlib.file_digest(data, "sha256").hexdigest()
    file = DataFile(
        path=f"gold/{short}/{digest}.parquet",
        digest=digest,
        bytes=path.stat().st_size,
        rows=rows.count,
        partition=rows.partition,
        fingerprint=rows.fingerprint,
    )
    return file, path


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
        raise PermanentError(
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
