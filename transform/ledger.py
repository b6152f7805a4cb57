"""The ledger: every Bronze file, and the load that admitted it.

    gs://LAKE/ledger/<environment>.json

A *load* is one admission of succeeded syncs. It owns one slot of five minutes on a clock of our own, which only moves
forward and runs ahead of the wall clock, so that SQLMesh, whose intervals the slots are, can never have passed a slot
before its rows were admitted. The transform writes the ledger before it starts SQLMesh; the Bronze macro reads it in
Python, so no engine owns it.
"""

from datetime import UTC, datetime, timedelta

from google.cloud.storage import Bucket
from pydantic import AwareDatetime, Field

from biaac import objects
from biaac.records import Record
from biaac.releases import Load

SLOT = timedelta(minutes=5)  # the smallest interval SQLMesh knows, so that loads stay close to the wall clock


class BronzeFile(Record):
    """One Bronze object, examined once. ``load_id`` is None while no succeeded sync has admitted it."""

    sync: int  # the Airbyte job that wrote it
    generation: int
    rows: int
    as_of: AwareDatetime | None = None  # greatest time of the stream's cursor that is not later than its sync
    late: int = 0  # rows whose cursor is later
    load_id: int | None = None
    crc32c: str | None = None  # of its bytes; None in ledgers of format 1


class Admission(Record):
    """A succeeded sync that a load holds."""

    job: int
    load_id: int
    finished_at: AwareDatetime


class Rejection(Record):
    """The last build, if it was refused: not tried again until loads or models differ, or a person asks for it."""

    execution: str
    newest_jobs: dict[str, int]  # connection -> newest succeeded sync there was
    models: str
    message: str


class Ledger(Record):
    """The whole object. Streams are ``connection/stream``; files are named below their stream."""

    format: int = 2
    admissions: dict[str, list[Admission]] = Field(default_factory=dict)  # connection -> oldest first
    streams: dict[str, dict[str, BronzeFile]] = Field(default_factory=dict)
    rejected: Rejection | None = None
    removed: list[str] = Field(
        default_factory=list
    )  # streams that lost admitted rows, until a release has lost them, too

    @property
    def loads(self) -> list[Load]:
        """Every succeeded sync that a load holds, newest last."""
        loads = [
            Load(connection=connection, job=admission.job, load_id=admission.load_id)
            for connection, admissions in self.admissions.items()
            for admission in admissions
        ]
        return sorted(loads, key=lambda load: (load.load_id, load.connection, load.job))

    @property
    def load_ids(self) -> list[int]:
        """Every slot in use, oldest first."""
        return sorted({load.load_id for load in self.loads})

    def files(self, stream: str) -> list[BronzeFile]:
        """All files of a stream."""
        return list(self.streams.get(stream, {}).values())

    def rows_of(self, load_id: int) -> int:
        """Bronze rows that a load admitted."""
        return sum(f.rows for files in self.streams.values() for f in files.values() if f.load_id == load_id)

    def files_by_load(self, stream: str, *, first: int, last: int) -> dict[int, list[str]]:
        """Load id -> files of an append stream admitted by the loads ``first`` to ``last``, both included."""
        loads: dict[int, list[str]] = {}
        for name, file in sorted(self.streams.get(stream, {}).items()):
            if file.load_id is not None and first <= file.load_id <= last and file.rows:
                loads.setdefault(file.load_id, []).append(name)
        return dict(sorted(loads.items()))

    def all_files(self, stream: str) -> dict[int, list[str]]:
        """As ``files_by_load``, of every load."""
        return self.files_by_load(stream, first=0, last=max(self.load_ids, default=0))

    def latest_files(self, stream: str) -> dict[int, list[str]]:
        """As ``files_by_load`` for a stream that is sent whole: the newest load alone."""
        newest = max((f.load_id for f in self.streams.get(stream, {}).values() if f.load_id is not None), default=None)
        return {} if newest is None else self.files_by_load(stream, first=newest, last=newest)


def read(lake: Bucket, environment: str) -> Ledger:
    """The ledger as it stands; an empty one before the first load."""
    name = _name(environment)
    value = objects.read(lake, name).value
    return Ledger() if value is None else Ledger.parse(value, name=name)


def write(lake: Bucket, environment: str, ledger: Ledger) -> None:
    """Replace the ledger. Only the holder of the transform lock may; ``LostRace`` if another process has."""
    stored = objects.read(lake, _name(environment))
    value = ledger.model_dump(mode="json", exclude_defaults=True) | {"format": Ledger().format}
    if value != stored.value:
        objects.replace(lake, _name(environment), value, expected=stored.generation)


def next_load_id(*, now: datetime, used: list[int], passed: datetime | None) -> int:
    """The slot of a new load: after the wall clock, after every slot in use and after all that SQLMesh has passed."""
    floor = now.replace(minute=now.minute - now.minute % 5, second=0, microsecond=0)
    after = [floor + SLOT, *(slot(load_id) + SLOT for load_id in used[-1:]), *([passed] if passed else [])]
    return load_id_of(max(after))


def load_id_of(moment: datetime) -> int:
    """2026-11-24 06:05 -> 202611240605."""
    return int(f"{moment:%Y%m%d%H%M}")


def slot(load_id: int) -> datetime:
    """Start of the slot of a load: 202611240605 -> 2026-11-24 06:05 UTC."""
    return datetime.strptime(str(load_id), "%Y%m%d%H%M").replace(tzinfo=UTC)


def _name(environment: str) -> str:
    return f"ledger/{environment}.json"
