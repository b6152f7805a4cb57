"""The lake's state: DuckLake's catalogue and SQLMesh's state, two DuckDB files in one object.

    gs://LAKE/lake/<environment>/state          the object: a zip of both files and of ``header.json``
    gs://LAKE/lake/<environment>/data/...       the rows of the working tables, Parquet, never changed (LAKE_DATA_DIR)

    with lake_state.fetched(bucket, settings) as state:     # both files in a folder of this machine
        with Lake(...) as lake: ...                         # works on them
        state.put_back()                                    # once, by compare-and-set

So a run is one transaction: until it has put the object back it has changed nothing that another run can see but
added files that no catalogue names. What SQLMesh and DuckLake commit on the way is theirs (docs/adr/0011).
"""

import io
import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from google.api_core.exceptions import PreconditionFailed
from google.cloud.storage import Blob, Bucket

from biaac import objects
from biaac.errors import PermanentError, TransientError
from transform.settings import LakeSettings

FORMAT = 1
CATALOGUE, SQLMESH_STATE = "catalogue.duckdb", "state.duckdb"
TRANSFER_S = 300
FORGET = "bin/sqlmesh forget  (the next run builds the lake again from its ledger and Bronze)"
# A DuckDB file of many small tables is mostly empty blocks: level 1 makes 5 MB 0.2 MB in 0.1 s.
COMPRESSION = 1


@dataclass(frozen=True)
class LakeState:
    """The state as files in ``folder``, as they were at ``generation`` of the object."""

    bucket: Bucket
    name: str
    settings: LakeSettings  # with ``folder`` as LAKE_STATE_DIR
    folder: Path
    generation: int

    def put_back(self) -> None:
        """Make what the files hold the lake's state. ``TransientError`` if another writer was first: start again.

        Call it once, when the files are closed.
        """
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION) as archive:
            header = {"format": FORMAT, "duckdb": duckdb.__version__}
            archive.writestr("header.json", json.dumps(header))
            for name in (CATALOGUE, SQLMESH_STATE):
                archive.write(_compacted(self.folder / name), name)
        try:
            self.bucket.blob(self.name).upload_from_string(
                packed.getvalue(),
                content_type="application/zip",
                if_generation_match=self.generation,
                timeout=TRANSFER_S,
                retry=objects.RETRY,  # one that meets its own write is refused: the next run starts from it
            )
        except PreconditionFailed:
            raise TransientError(
                f"gs://{self.bucket.name}/{self.name}: another writer was first; nothing of this run counts",
                hint="start it again",
            ) from None


def object_name(environment: str) -> str:
    """The object of an environment's state."""
    return f"lake/{environment}/state"


def forget(bucket: Bucket, settings: LakeSettings) -> None:
    """Remove the state; the caller holds the lock. The next run builds the lake from its ledger and Bronze."""
    blob = bucket.get_blob(object_name(settings.environment), timeout=objects.TIMEOUT_S, retry=objects.RETRY)
    if blob is not None:
        blob.delete(if_generation_match=blob.generation, timeout=objects.TIMEOUT_S, retry=objects.RETRY)


@contextmanager
def fetched(bucket: Bucket, settings: LakeSettings) -> Iterator[LakeState]:
    """The newest state in a folder of this machine, which SQLMesh's configuration reads from LAKE_STATE_DIR.

    Without an object the folder is empty: the lake is then built from the ledger and Bronze.
    """
    name = object_name(settings.environment)
    blob = bucket.get_blob(name, timeout=objects.TIMEOUT_S, retry=objects.RETRY)
    with TemporaryDirectory(prefix="biaac-lake-") as folder:
        if blob is not None:
            _unpack(blob, Path(folder))
        os.environ["LAKE_STATE_DIR"] = folder
        here = settings.model_copy(update={"lake_state": Path(folder)})
        yield LakeState(bucket, name, here, Path(folder), int(blob.generation) if blob else objects.ABSENT)


def _unpack(blob: Blob, folder: Path) -> None:
    where = f"gs://{blob.bucket.name}/{blob.name}"
    data = blob.download_as_bytes(if_generation_match=blob.generation, timeout=TRANSFER_S, retry=objects.RETRY)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            header = json.loads(archive.read("header.json"))
            if header["format"] > FORMAT or _version(header["duckdb"]) > _version(duckdb.__version__):
                raise PermanentError(
                    f"{where} was written by a newer transform: format {header['format']}, DuckDB {header['duckdb']};"
                    f" this one reads format {FORMAT}, DuckDB {duckdb.__version__}",
                    hint="deploy that version again",
                )
            for name in (CATALOGUE, SQLMESH_STATE):
                archive.extract(name, folder)
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise PermanentError(
            f"{where} is damaged: {error}",
            hint=FORGET,
        ) from None


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:3])


def _compacted(path: Path) -> Path:
    """A copy without the blocks that deleted rows have left: DuckDB never gives them back."""
    copy = path.with_suffix(".compact")
    with duckdb.connect() as database:
        database.execute(f"ATTACH '{path}' AS old (READ_ONLY)")
        database.execute(f"ATTACH '{copy}' AS new")
        database.execute("COPY FROM DATABASE old TO new")
    return copy
