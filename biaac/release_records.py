"""What a release and its manifests say: values written once and read for years. ``biaac.releases`` keeps them."""

import hashlib
import json
from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, ConfigDict, Field

from biaac.records import Record


def digest(value: Any) -> str:
    """sha256 of the canonical JSON of ``value``."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


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
