"""Bronze objects: listed once in a run, each examined once in its life, named for the Bronze macro.

Which objects those are is decided by their names alone (``biaac.bronze``).
"""

import contextlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import structlog
from google.api_core.exceptions import NotFound
from google.cloud.storage import Blob, Bucket
from pyarrow import ArrowInvalid

from biaac import bronze
from biaac.clients import storage_client
from biaac.errors import PermanentError, TransientError
from biaac.objects import RETRY, TIMEOUT_S
from transform import ledger
from transform.ledger import BronzeFile
from transform.settings import LakeSettings

SYNC, GENERATION, EXTRACTED = "_airbyte_meta.sync_id", "_airbyte_generation_id", "_airbyte_extracted_at"
FOOTER_BYTES = 256 * 1024  # one range request holds the footer of any file but the widest
ZONES = timedelta(hours=14)  # the clock of the easternmost zone is as far ahead: many sources give time without a zone
READERS = 8  # a footer is two round trips to the store; more at once gain nothing on two cores

log = structlog.get_logger()


def listing(bucket: Bucket) -> dict[str, dict[str, Blob]]:
    """Every object that a sync wrote: stream (``connection/stream``) -> name -> object. One pass over the list.

    Foreign objects are left out, and named in one warning.
    """
    streams: dict[str, dict[str, Blob]] = {}
    foreign: list[str] = []
    for blob in bucket.list_blobs(timeout=TIMEOUT_S, retry=RETRY):
        name = bronze.parse(blob.name)
        if name is None:
            foreign.append(f"gs://{bucket.name}/{blob.name}")
        else:
            streams.setdefault(f"{name.connection}/{name.stream}", {})[blob.name] = blob
    if foreign:
        log.warning("foreign objects in Bronze", first=foreign[:3], objects=len(foreign), hint=bronze.FOREIGN_HINT)
    return streams


def examine_all(blobs: Iterable[Blob], cursor: str | None) -> dict[str, BronzeFile]:
    """Name -> what the ledger keeps of each file of one stream."""
    with ThreadPoolExecutor(READERS) as pool:
        listed = list(blobs)
        examined = pool.map(lambda blob: examine(blob, cursor), listed)
        return dict(zip((blob.name for blob in listed), examined, strict=True))


def examine(blob: Blob, cursor: str | None) -> BronzeFile:
    """Read a file's footer: its rows all belong to one sync and one generation, and their statistics say which."""
    try:
        with (
            blob.open("rb", chunk_size=FOOTER_BYTES, timeout=TIMEOUT_S, retry=RETRY) as data,
            pq.ParquetFile(data) as file,
        ):
            metadata = file.metadata
            as_of, late = _as_of(file, cursor)
    except NotFound:
        raise TransientError(f"gs://{blob.bucket.name}/{blob.name}: gone since it was listed") from None
    except ArrowInvalid as error:
        raise PermanentError(
            f"gs://{blob.bucket.name}/{blob.name}: not a Parquet file ({blob.size} bytes): {error}",
            hint="delete the object if no sync of yours wrote it, or sync its connection again",
        ) from None
    if not metadata.num_rows:
        return BronzeFile(sync=0, generation=0, rows=0, crc32c=blob.crc32c)
    sync, generation = (_greatest(metadata, column) for column in (SYNC, GENERATION))
    if sync is None or generation is None:
        raise PermanentError(
            f"gs://{blob.bucket.name}/{blob.name}: no statistics of {SYNC} and {GENERATION}, so not written by Airbyte",
            hint="delete the object, or move it out of the Bronze bucket",
        )
    return BronzeFile(
        sync=sync, generation=generation, rows=metadata.num_rows, as_of=as_of, late=late, crc32c=blob.crc32c
    )


def uris(stream: str, which: str, interval: tuple[str | None, str | None]) -> dict[int, list[str]]:
    """Load id -> ``gs://`` addresses that a model reads: of the loads in ``interval``, or of the newest load."""
    settings = LakeSettings.load()
    known = ledger.read(_lake(settings.project, settings.lake_bucket), settings.environment)
    if which == "latest_load":
        loads = known.latest_files(stream)
    elif which == "each_load":
        first, last = (_load_id(bound, stream) for bound in interval)
        loads = known.files_by_load(stream, first=first, last=last)
    else:
        raise PermanentError(f"@bronze('{stream}', '{which}'): there is 'each_load' and 'latest_load'")
    return {load: [f"gs://{settings.bronze_bucket}/{name}" for name in names] for load, names in loads.items()}


@cache
def _lake(_project: str, bucket: str) -> Bucket:
    return storage_client(LakeSettings.load()).bucket(bucket)


def _load_id(bound: str | None, stream: str) -> int:
    if bound is None:
        raise PermanentError(
            f"@bronze('{stream}', 'each_load') in a model without intervals",
            hint="kind INCREMENTAL_BY_PARTITION reads each load, kind FULL the latest_load",
        )
    return ledger.load_id_of(datetime.fromisoformat(bound))


def _greatest(metadata: Any, column: str) -> Any:
    """Maximum of a column by the statistics of its row groups; None where there are none."""
    maxima = [
        chunk.statistics.max
        for group in range(metadata.num_row_groups)
        for chunk in (metadata.row_group(group).column(n) for n in range(metadata.num_columns))
        if chunk.path_in_schema == column and chunk.statistics is not None and chunk.statistics.has_min_max
    ]
    return max(maxima, default=None)


def _as_of(file: pq.ParquetFile, cursor: str | None) -> tuple[datetime | None, int]:
    """The greatest time of the cursor that is not later than its sync, and how many rows have a later one.

    None for cursors that are no time, such as ids. The column is read only where its statistics do not say.
    """
    if cursor is None:
        return None, 0
    cursor = bronze.column_of(cursor, file.metadata.metadata)
    kind = file.schema_arrow.field(cursor).type if cursor in file.schema_arrow.names else None
    if kind is None or not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        return None, 0
    extracted = _moment(_greatest(file.metadata, EXTRACTED))
    if extracted is None:
        return None, 0
    with contextlib.suppress(OverflowError, ValueError):  # a time beyond the year 9999
        newest = _moment(_greatest(file.metadata, cursor))
        if newest is not None and newest <= extracted + ZONES:
            return newest, 0
    times = file.read(columns=[cursor]).column(cursor).cast(pa.timestamp("us"))
    valid = times.filter(pc.less_equal(times, pa.scalar((extracted + ZONES).replace(tzinfo=None), pa.timestamp("us"))))
    newest = pc.max(valid).as_py()
    return None if newest is None else _moment(newest), len(times) - times.null_count - len(valid)


def _moment(value: Any) -> datetime | None:
    """A cursor as a moment; None for cursors that are no time, such as ids."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime(value.year, value.month, value.day, tzinfo=UTC) if isinstance(value, date) else None
