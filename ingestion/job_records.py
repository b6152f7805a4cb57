"""Job records: what Airbyte's public API shows of a job, as objects changed by compare-and-set.

    gs://OPS/airbyte/jobs/<job, nine digits>.json   one job (``Job``)
    gs://OPS/airbyte/history/<connection>/<...>     an empty object for each job, newest first by name; its metadata say
                                                    how the job ended, so that a list is one request and no job is read
    gs://OPS/airbyte/last_job                       the newest id given out
    gs://OPS/airbyte/claims/<connection>            which job holds the connection (``claims``)
    gs://OPS/airbyte/states/<connection>            how far its streams have come (``states``)

A job is concluded once: by the sync itself, by a request that cancels it, or by one that meets its Cloud Run
execution ended while the job is still active.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from google.api_core.exceptions import PreconditionFailed
from google.cloud.storage import Bucket
from pydantic import AwareDatetime, Field, PlainSerializer

from biaac import objects
from biaac.errors import PermanentError
from biaac.records import Record

PREFIX, HISTORY = "airbyte/jobs/", "airbyte/history/"
ENTRY = "job"  # the metadata key
NEWEST = 999_999_999  # names count down from it
LARGEST_PAGE = 1000  # of a list of objects, by the API
MOST_PAGES = 4  # a list looks at so many at most: at the newest 4,000 jobs of a connection


class Kind(StrEnum):
    """What a job does. Airbyte's public API knows ``refresh`` too, and refuses it."""

    SYNC = "sync"
    RESET = "reset"  # the older name of clear
    CLEAR = "clear"


class Status(StrEnum):
    """Airbyte's statuses; ``incomplete`` = an attempt failed and the next one is to come."""

    PENDING = "pending"
    RUNNING = "running"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    SUCCEEDED = "succeeded"
    CANCELLED = "cancelled"


ACTIVE = frozenset({Status.PENDING, Status.RUNNING, Status.INCOMPLETE})

# Milliseconds always: the sync's start names its Bronze files, so it must come back from the API as it was.
Instant = Annotated[AwareDatetime, PlainSerializer(lambda at: text(at), return_type=str)]  # noqa: PLW0108  defined below


class Job(Record):
    """One job. ``created_at`` is the sync start: in milliseconds it is the epoch in the names of its Bronze files."""

    id: int
    connection: str
    connection_id: UUID
    kind: Kind
    status: Status = Status.PENDING
    created_at: Instant
    updated_at: Instant
    ended_at: Instant | None = None
    execution: str | None = None  # full name of the Cloud Run execution that does it
    attempts: int = 0
    rows: dict[str, int] = Field(default_factory=dict)  # by stream: in Bronze, or on the way there
    bytes: int = 0  # of RECORD messages
    nulled: dict[str, dict[str, int]] = Field(default_factory=dict)  # stream -> column -> values lost on the way
    warnings: list[str] = Field(default_factory=list)  # what a person should know though the sync went on
    message: str | None = None  # why it failed
    log: list[str] = Field(default_factory=list)  # the connector's last lines at a failure

    @property
    def active(self) -> bool:
        """Whether the job has not been concluded."""
        return self.status in ACTIVE

    @property
    def epoch_ms(self) -> int:
        """The sync start as Bronze file names have it."""
        return int(self.created_at.timestamp() * 1000)


def now() -> datetime:
    """The present, cut to the millisecond so that it survives every representation."""
    at = datetime.now(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def text(at: datetime) -> str:
    """ISO 8601 with milliseconds and Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def next_id(ops: Bucket) -> int:
    """An id never given out before."""
    return int(objects.update(ops, "airbyte/last_job", lambda last: (last or 0) + 1).value)


def create(ops: Bucket, job: Job) -> None:
    """Store a new job; nothing if it is there already."""
    objects.create(ops, _name(job.id), job.model_dump(mode="json"))
    with suppress(PreconditionFailed):  # it is in the history, or has ended already
        _enter(ops, job, if_generation_match=objects.ABSENT)


def find(ops: Bucket, job_id: int) -> Job | None:
    """One job, None if there is none of that id."""
    value = objects.read(ops, _name(job_id)).value
    return None if value is None else Job.model_validate(value)


def change(ops: Bucket, job_id: int, **fields: object) -> Job:
    """Set ``fields`` and the time of change, unless the job has been concluded: then it stays as it is."""
    return _update(ops, job_id, lambda job: {"updated_at": now(), **fields} if job.active else {})


def conclude(ops: Bucket, job_id: int, status: Status, **fields: object) -> Job:
    """End the job with ``status``, unless another writer has concluded it; the job as it then is."""
    job = change(ops, job_id, status=status, ended_at=now(), **fields)
    _enter(ops, job)  # should this process die first: a job that is active in the history is read (``newest_first``)
    return job


def attach(ops: Bucket, job_id: int, execution: str, *, instead_of: str | None = None) -> Job:
    """Name the execution that does the job, unless another than ``instead_of`` is named already."""
    return _update(ops, job_id, lambda job: {"execution": execution} if job.execution == instead_of else {})


def newest_first(ops: Bucket, connection: str, *, page: int) -> Iterator[Job]:
    """Jobs of a connection, without message and log, ``rows`` as one sum; ``page`` at a time, in one request each.

    A job that has ended is what its entry says. One that has not is read: there is one at most.
    """
    blobs = ops.list_blobs(
        prefix=f"{HISTORY}{connection}/",
        page_size=min(page, LARGEST_PAGE),
        max_results=MOST_PAGES * LARGEST_PAGE,
        fields="items(name,metadata),nextPageToken",
        timeout=objects.TIMEOUT_S,
        retry=objects.RETRY,
    )
    for blob in blobs:
        job = Job.model_validate_json(blob.metadata[ENTRY])
        yield (find(ops, job.id) or job) if job.active else job


def _enter(ops: Bucket, job: Job, *, if_generation_match: int | None = None) -> None:
    """Write the job's entry of the history."""
    blob = ops.blob(f"{HISTORY}{job.connection}/{NEWEST - job.id:09d}")
    # Metadata have 8 KiB: rows of each stream would not fit, nor would anything of any length.
    short: dict[str, object] = {
        "rows": {"": sum(job.rows.values())},
        "message": None,
        "log": [],
        "nulled": {},
        "warnings": [],
    }
    blob.metadata = {ENTRY: job.model_copy(update=short).model_dump_json()}
    blob.upload_from_string(
        b"", if_generation_match=if_generation_match, timeout=objects.TIMEOUT_S, retry=objects.RETRY
    )


def _update(ops: Bucket, job_id: int, fields: Callable[[Job], dict[str, object]]) -> Job:
    def changed(value: object) -> object:
        if value is None:
            raise PermanentError(f"job {job_id} does not exist", hint="GET /jobs lists them")
        job = Job.model_validate(value)
        update = fields(job)
        return job.model_copy(update=update).model_dump(mode="json") if update else value

    return Job.model_validate(objects.update(ops, _name(job_id), changed).value)


def _name(job_id: int) -> str:
    return f"{PREFIX}{job_id:09d}.json"
