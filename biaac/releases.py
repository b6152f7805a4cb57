"""Releases: a release is to data what a commit is to code.

    gs://LAKE/releases/<environment>/<release id>.json   small commit object (``Release``)
    gs://LAKE/manifests/<digest>.json                    one table at one release (``TableManifest``), loaded on demand
    gs://LAKE/gold/<table>/<digest>.parquet              immutable, content-addressed data
    gs://LAKE/releases/<environment>/current             the pointer (``Pointer``): moved only by compare-and-set

A table or partition that did not change is carried over by reference. The pointer moves forward in sequence;
a rollback moves it back and sets ``held``: candidates are still built, none is promoted until a person lifts it.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from google.api_core.exceptions import NotFound
from google.api_core.retry import Retry
from google.cloud.storage import Bucket
from pydantic import AwareDatetime, ConfigDict, Field

from biaac import objects
from biaac.errors import LostRace, PermanentError
from biaac.records import Record


class Column(Record):
    """One column as readers see it; ``type`` is DuckDB's name for it."""

    name: str
    type: str
    description: str


class DataFile(Record):
    """One immutable Parquet file of a table. ``partition`` is the value of the partition column as text."""

    model_config = ConfigDict(extra="ignore")  # early manifests have ``bounds`` of each column, which nobody read

    path: str
    digest: str
    bytes: int
    rows: int
    partition: str | None = None
    fingerprint: str  # of the rows, independent of their order: tells whether the file must be written again


class TableManifest(Record):
    """One Gold table at one release: what it means, and where its rows are."""

    format: int = 1  # a reader refuses a newer one by name instead of misreading it
    name: str  # schema.table, e.g. gold.orders
    description: str
    owner: str
    grain: list[str]
    columns: list[Column]
    partitioned_by: str | None = None
    sorted_by: list[str]
    rows: int
    files: list[DataFile]


class TableReference(Record):
    """A table in a release: the digest names ``manifests/<digest>.json``."""

    manifest: str
    rows: int
    bytes: int
    streams: list[str] = Field(default_factory=list)  # connection/stream that feed it; none in releases of format 1
    data_as_of: AwareDatetime | None = None  # the furthest business time of these streams


class Metric(Record):
    """A number defined once, next to the model: Superset, queries and documentation use this and no other."""

    name: str
    table: str
    expression: str
    label: dict[str, str]  # language -> text
    description: str
    format: str  # a d3-format, e.g. $,.2f
    additive: bool  # whether values of disjoint groups may be summed
    owner: str


class AuditOutcome(Record):
    """One audit of one run. ``query`` shows the offending rows when run in the lake."""

    model: str
    audit: str
    blocking: bool
    rows: int
    query: str

    @property
    def outcome(self) -> Literal["passed", "failed", "warned"]:
        """Failed only where it blocks; a non-blocking audit with rows warns."""
        if self.rows == 0:
            return "passed"
        return "failed" if self.blocking else "warned"


def passed(audits: list[AuditOutcome]) -> str:
    """``5 of 6``."""
    return f"{sum(audit.outcome == 'passed' for audit in audits)} of {len(audits)}"


class Load(Record):
    """One succeeded sync that a release holds."""

    connection: str
    job: int
    load_id: int  # the ledger's slot, e.g. 202611240605


class StreamFreshness(Record):
    """How far the data of one stream reaches (business clock where it has a cursor) and when it was last synced.

    A business time later than the sync that brought it counts for nothing: it is an error of the source.
    """

    connection: str
    stream: str
    data_as_of: AwareDatetime | None
    synced_at: AwareDatetime


class Release(Record):
    """The commit object. ``id`` is derived from everything else."""

    format: int = 2  # a reader refuses a newer one by name instead of misreading it
    environment: str
    parent: str | None
    sequence: int
    created_at: AwareDatetime
    revision: str  # git revision, or "unversioned" outside a checkout
    models: str  # digest of the SQLMesh project the tables were built with
    execution: str  # workflow execution that built it
    loads: list[Load]  # every succeeded sync that is in, newest last
    freshness: list[StreamFreshness]
    audits: list[AuditOutcome]
    metrics: list[Metric]
    tables: dict[str, TableReference]
    waiting: dict[str, list[str]] = Field(default_factory=dict)  # table without data yet -> its streams never synced

    @property
    def value(self) -> dict[str, Any]:
        """As it is stored: without the fields that its format did not have, on which its id does not depend either."""
        return {"format": self.format} | self.model_dump(mode="json", exclude_unset=True)

    @property
    def id(self) -> str:
        """``000012-3f9ab2c41d7e``: sorts by sequence, names the content."""
        return f"{self.sequence:06d}-{digest(self.value)[:12]}"

    @property
    def data_as_of(self) -> datetime | None:
        """The furthest business time of any stream that has one."""
        return max((f.data_as_of for f in self.freshness if f.data_as_of), default=None)

    def as_of(self, table: str) -> datetime | None:
        """The furthest business time of the streams that feed a table; of any stream in releases of format 1."""
        return self.tables[table].data_as_of if self.format > 1 else self.data_as_of


class Held(Record):
    """Why no candidate is promoted, since when, and by whom."""

    by: str
    reason: str
    since: AwareDatetime


class Pointer(Record):
    """What readers of an environment see."""

    release: str
    held: Held | None = None


class PromotionOutcome(StrEnum):
    """What ``promote`` found or did; every value is a final answer."""

    PROMOTED = "promoted"
    ALREADY_CURRENT = "already_current"
    SUPERSEDED = "superseded"  # a newer release is current
    HELD = "held"  # a person holds the pointer


class Promotion(NamedTuple):
    """The outcome, and the release readers see after it."""

    outcome: PromotionOutcome
    current: str


def digest(value: Any) -> str:
    """sha256 of the canonical JSON of ``value``."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def write_manifest(lake: Bucket, manifest: TableManifest) -> TableReference:
    """Store a table manifest under its digest; writing the same one twice is one object."""
    value = manifest.model_dump(mode="json")
    name = digest(value)
    objects.create(lake, f"manifests/{name}.json", value)
    return TableReference(manifest=name, rows=manifest.rows, bytes=sum(file.bytes for file in manifest.files))


def read_manifest(lake: Bucket, reference: TableReference) -> TableManifest:
    """Load one table of a release; ``PermanentError`` if it is missing or its digest does not fit its name."""
    name = f"manifests/{reference.manifest}.json"
    value = objects.read(lake, name).value
    if value is None:
        raise PermanentError(f"gs://{lake.name}/{name}: missing")
    if digest(value) != reference.manifest:
        raise PermanentError(f"gs://{lake.name}/{name}: content does not match its name")
    return TableManifest.parse(value, name=name)


def write(lake: Bucket, release: Release) -> str:
    """Store a candidate and return its id. Data files and manifests must be in place before."""
    objects.create(lake, _name(release.environment, release.id), release.value)
    return release.id


def read(lake: Bucket, environment: str, release_id: str) -> Release:
    """Load one release; ``PermanentError`` if there is none of that id."""
    name = _name(environment, release_id)
    value = objects.read(lake, name).value
    if value is None:
        raise PermanentError(f"release {release_id} does not exist in {environment}", hint="biaac releases")
    release = Release.parse(value, name=name)
    if release.id != release_id:
        raise PermanentError(f"gs://{lake.name}/{name}: content does not match its name", hint="biaac releases")
    return release


def ids(lake: Bucket, environment: str) -> Iterator[str]:
    """Ids of every release of an environment, oldest first."""
    prefix = f"releases/{environment}/"
    for name in objects.names(lake, prefix):
        if name.endswith(".json"):
            yield name.removeprefix(prefix).removesuffix(".json")


def pointer(
    lake: Bucket, environment: str, *, timeout: float = objects.TIMEOUT_S, retry: Retry | None = objects.RETRY
) -> Pointer | None:
    """What readers see; None before the first promotion. A reader that can go on with an older one is less patient."""
    found = objects.read(lake, _pointer_name(environment), timeout=timeout, retry=retry).value
    return None if found is None else Pointer.parse(found, name=_pointer_name(environment))


def current(lake: Bucket, environment: str) -> Release | None:
    """The release readers see; None before the first promotion."""
    now = pointer(lake, environment)
    return None if now is None else read(lake, environment, now.release)


def latest(lake: Bucket, environment: str) -> Release | None:
    """The newest candidate, promoted or not: the parent of the next one."""
    newest = max(ids(lake, environment), default=None)
    return None if newest is None else read(lake, environment, newest)


def promote(lake: Bucket, environment: str, release_id: str) -> Promotion:
    """Make ``release_id`` the one readers see, unless a newer one already is or a person holds the pointer."""
    release = read(lake, environment, release_id)
    if failed := [a for a in release.audits if a.outcome == "failed"]:
        raise PermanentError(f"release {release_id} failed audit {failed[0].audit} of {failed[0].model}")
    while True:
        found = objects.read(lake, _pointer_name(environment))
        if found.value is not None:
            now = Pointer.parse(found.value, name=_pointer_name(environment))
            if now.release == release_id:
                return Promotion(PromotionOutcome.ALREADY_CURRENT, release_id)
            if now.held:
                return Promotion(PromotionOutcome.HELD, now.release)
            if _sequence(now.release) >= release.sequence:
                return Promotion(PromotionOutcome.SUPERSEDED, now.release)
        value = Pointer(release=release_id).model_dump(mode="json")
        try:
            objects.replace(lake, _pointer_name(environment), value, expected=found.generation)
        except LostRace:
            continue
        return Promotion(PromotionOutcome.PROMOTED, release_id)


def roll_back(lake: Bucket, environment: str, release_id: str | None, *, by: str, reason: str) -> Pointer:
    """Show ``release_id`` (default: the parent of the current one) and hold the pointer there."""
    if release_id is not None:
        read(lake, environment, release_id)

    def back(value: Any) -> Any:
        if value is None:
            raise PermanentError(f"{environment} has no release yet", hint="biaac sync")
        now = Pointer.parse(value, name=_pointer_name(environment))
        target = release_id or read(lake, environment, now.release).parent
        if target is None:
            raise PermanentError(f"release {now.release} has no parent to go back to", hint="biaac releases")
        held = Held(by=by, reason=reason, since=datetime.now(UTC))
        return Pointer(release=target, held=held).model_dump(mode="json")

    return Pointer.parse(objects.update(lake, _pointer_name(environment), back).value, name=_pointer_name(environment))


def resume(lake: Bucket, environment: str) -> Promotion:
    """Lift a hold and promote the newest candidate that dashboards fit (``dashboards/``), or else the newest."""
    objects.update(lake, _pointer_name(environment), lambda value: value if value is None else {**value, "held": None})
    checked = set(objects.names(lake, f"dashboards/{environment}/"))
    known = list(ids(lake, environment))
    newest = max((each for each in known if f"dashboards/{environment}/{each}.json" in checked), default=None)
    newest = newest or max(known, default=None)
    if newest is None:
        raise PermanentError(f"{environment} has no release yet", hint="biaac sync")
    return promote(lake, environment, newest)


def read_file(lake: Bucket, file: DataFile) -> bytes:
    """The bytes of one data file, checked against its digest."""
    try:
        data: bytes = lake.blob(file.path).download_as_bytes(timeout=300, retry=objects.RETRY)
    except NotFound:
        raise PermanentError(f"gs://{lake.name}/{file.path}: missing") from None
    if hashlib.sha256(data).hexdigest() != file.digest:
        raise PermanentError(f"gs://{lake.name}/{file.path}: content does not match its digest")
    return data


def _name(environment: str, release_id: str) -> str:
    return f"releases/{environment}/{release_id}.json"


def _pointer_name(environment: str) -> str:
    return f"releases/{environment}/current"


def _sequence(release_id: str) -> int:
    return int(release_id.partition("-")[0])
