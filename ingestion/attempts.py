"""The attempts of a sync: each reads what no earlier one has completed, from the committed state on."""

import time
from collections import Counter

import structlog
from google.cloud.storage import Bucket
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from biaac.connections import Connection, Stream
from ingestion import job_records, stream_objects
from ingestion.catalog import configured, offered
from ingestion.configuration import Configuration
from ingestion.connector import Connector, ConnectorFailed
from ingestion.intake import Intake
from ingestion.job_records import Job, Status
from ingestion.messages import Message
from ingestion.settings import Settings
from ingestion.states import States
from ingestion.unread import Unread
from ingestion.writer import StreamWriter

ATTEMPTS = 3  # Airbyte's default
PROGRESS_S = 2  # how often a person at a terminal wants to see the count move

log = structlog.get_logger()


class Stopped(BaseException):
    """This process must end. Not an ``Exception``, so that no library handles it."""


class Attempts:
    """One sync in progress."""

    def __init__(self, settings: Settings, ops: Bucket, bucket: Bucket, connection: Connection, job: Job) -> None:
        self.bytes = 0  # of messages, over all attempts
        self._settings, self._ops, self._bucket = settings, ops, bucket
        self._connection, self._job = connection, job
        self._states = States.open(ops, connection.name)
        self._writers: dict[str, StreamWriter] = {}
        self._nulled: dict[str, Counter[str]] = {}
        self._unread: list[Unread] = []  # of each attempt
        self._mended = 0
        self._rows_before = {  # not zero if this job was killed and is run again
            stream.name: stream_objects.rows(stream_objects.of_sync(bucket, connection.name, stream.name, job.epoch_ms))
            for stream in connection.enabled_streams
        }
        self._reported_at = 0.0

    def rows(self) -> dict[str, int]:
        """Rows of each stream so far, in Bronze or being uploaded."""
        return {**self._rows_before, **{name: writer.rows for name, writer in self._writers.items()}}

    def counts(self) -> dict[str, object]:
        """What a job's record has of the sync so far."""
        nulled = {stream: dict(counted) for stream, counted in self._nulled.items() if counted}
        return {"rows": self.rows(), "bytes": self.bytes, "nulled": nulled, "warnings": self._warnings()}

    def _warnings(self) -> list[str]:
        warnings = [line for unread in self._unread for line in unread.warnings]
        if self._mended:
            warnings.append(
                f"{self._mended} lines of the connector held a value that is no JSON: it is NULL, or marked"
            )
        for name, writer in self._writers.items():
            renamed = ", ".join(f"{field!r} is column {column}" for field, column in writer.renamed.items())
            warnings += [f"stream {name}: {renamed}"] if renamed else []
            lost = [column for column, count in writer.nulled.items() if count >= writer.rows]
            warnings += [f"stream {name}: no value of column {column} fits its type" for column in sorted(lost)]
        return warnings

    def run(self) -> None:
        """Try until every stream is complete; ``ConnectorFailed`` after the last attempt."""
        self._states.begin(self._connection, self._job.id)
        connector = Connector(self._settings, self._connection, Configuration(self._ops, self._connection))
        attempts = Retrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_exponential(multiplier=self._settings.retry_wait_s),
            retry=retry_if_exception_type(ConnectorFailed),
            before_sleep=self._report_failure,
            reraise=True,
        )
        for attempt in attempts:
            with attempt:
                self._report(status=Status.RUNNING, attempts=attempt.retry_state.attempt_number)
                self._attempt(connector)
        for stream in self._connection.enabled_streams:
            if stream.mode == "full_refresh":  # only now: until then the old generation is the whole one
                self._delete_old_generations(stream)

    def _delete_old_generations(self, stream: Stream) -> None:
        """Keep the newest two, and what a ledger names: a transform that is at work has still to read it."""
        newest = self._states.streams[stream.name].generation
        blobs = stream_objects.of_stream(self._bucket, self._connection.name, stream.name)
        lake = self._ops.client.bucket(self._settings.lake_bucket)
        named = stream_objects.named_by_ledgers(lake, self._connection.name, stream.name)
        stream_objects.delete(b for b in blobs if stream_objects.generation(b) < newest - 1 and b.name not in named)

    def _attempt(self, connector: Connector) -> None:
        entries = self._states.streams
        streams = [s for s in self._connection.enabled_streams if entries[s.name].completed_by != self._job.id]
        if not streams:
            return
        discovered = connector.discover()
        offer = {stream.name: offered(self._connection, stream, discovered) for stream in streams}
        generations = {stream.name: entries[stream.name].generation for stream in streams}
        catalog = configured(self._connection, offer, job=self._job.id, generations=generations)
        self._rows_before = self.rows()
        self._writers = {stream.name: self._writer(stream, offer[stream.name]) for stream in streams}
        self._unread.append(Unread(self._ops, self._connection.name, self._job.id))
        names = {(one.get("namespace"), one["name"]): name for name, one in offer.items()}
        try:
            with connector.read(catalog, self._states.handed_back(self._connection, offer)) as run:
                intake = Intake(
                    run,
                    names=names,
                    writers=self._writers,
                    states=self._states,
                    unread=self._unread[-1],
                    job=self._job.id,
                    checkpoint_s=self._settings.checkpoint_s,
                )
                mended = self._mended
                for received in intake.batches():
                    self.bytes += received
                    self._mended = mended + run.mended
                    if time.monotonic() - self._reported_at >= PROGRESS_S:
                        self._report()
        finally:
            for writer in self._writers.values():
                writer.abandon()

    def _writer(self, stream: Stream, offer: Message) -> StreamWriter:
        nulled = self._nulled.setdefault(stream.name, Counter())
        if stream.mode == "full_refresh":  # of an attempt that failed; this one reads from the beginning
            earlier = stream_objects.of_sync(self._bucket, self._connection.name, stream.name, self._job.epoch_ms)
            stream_objects.delete(earlier)
            nulled.clear()
        return StreamWriter(
            self._bucket,
            connection=self._connection.name,
            stream=stream.name,
            json_schema=offer["json_schema"],
            sync_id=self._job.id,
            generation=self._states.streams[stream.name].generation,
            epoch_ms=self._job.epoch_ms,
            nulled=nulled,
        )

    def _report_failure(self, retry: RetryCallState) -> None:
        """Record why an attempt failed, before the next one."""
        error = retry.outcome.exception() if retry.outcome else None
        log.warning("attempt failed", job=self._job.id, attempt=retry.attempt_number, error=str(error))
        self._report(status=Status.INCOMPLETE, message=str(error), log=getattr(error, "log", []))

    def _report(self, **fields: object) -> None:
        """Update the job's record; ``Stopped`` if the job has been concluded elsewhere."""
        job = job_records.change(self._ops, self._job.id, **self.counts(), **fields)
        self._reported_at = time.monotonic()
        if not job.active:
            raise Stopped(f"job {job.id} is {job.status.value}")
