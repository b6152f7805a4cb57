"""Admission: which Bronze files a load takes in.

A succeeded sync admits rows of its connection that no load holds yet.

* Of a stream that is appended to: all rows with a sync id up to its own. Rows of failed syncs are among them, because
  Airbyte never sends again what it has checkpointed.
* Of a stream that is sent whole: the newest generation that a succeeded sync wrote.

Failed and cancelled syncs admit nothing.
"""

from dataclasses import dataclass

from google.cloud.storage import Blob, Bucket

from biaac.airbyte import Airbyte, Job, UnknownConnection
from biaac.connections import Connection, Stream
from biaac.releases import StreamFreshness
from biaac.settings import AirbyteSettings
from transform import bronze_files
from transform.ledger import Admission, BronzeFile, Ledger
from transform.progress import print_line


@dataclass(frozen=True)
class Observed:
    """Airbyte and Bronze at one moment: the ledger with every Bronze file, and the syncs that have succeeded since."""

    ledger: Ledger
    jobs: dict[str, list[Job]]  # connection -> newly succeeded syncs, oldest first
    declared: dict[str, Connection]

    @property
    def newest_jobs(self) -> dict[str, int]:
        """Connection -> its newest succeeded sync, of connections that have one."""
        newest = {name: max(_succeeded(self, name), default=0) for name in self.declared}
        return {name: job for name, job in newest.items() if job}


def observe(known: Ledger, bucket: Bucket, settings: AirbyteSettings, declared: dict[str, Connection]) -> Observed:
    """Ask Airbyte, then list Bronze: all files of a sync are in place before it succeeds."""
    airbyte = Airbyte(settings)
    jobs = {name: _newly_delivered(airbyte, name, _newest_admitted(known, name)) for name in declared}
    listed = bronze_files.listing(bucket)
    streams = {}
    for connection in declared.values():
        for stream in connection.streams:
            name = f"{connection.name}/{stream.name}"
            if files := _examined(known.streams.get(name, {}), listed.get(name, {}), stream):
                streams[name] = files
    return Observed(known.model_copy(update={"streams": streams}), jobs, declared)


def admit(observed: Observed, load_id: int) -> Ledger:
    """The ledger with all admissible rows admitted at ``load_id``; ``observed.ledger`` itself if there are none."""
    streams, admissions = dict(observed.ledger.streams), dict(observed.ledger.admissions)
    for connection in observed.declared.values():
        succeeded = _succeeded(observed, connection.name)
        for stream in connection.streams if succeeded else []:
            name = f"{connection.name}/{stream.name}"
            choose = _append if stream.mode == "incremental" else _newest_generation
            files = streams.get(name, {})
            if chosen := choose(files, succeeded):
                streams[name] = {
                    path: file.model_copy(update={"load_id": load_id}) if path in chosen else file
                    for path, file in files.items()
                }
        if new := observed.jobs[connection.name]:
            admissions[connection.name] = [
                *admissions.get(connection.name, []),
                *(Admission(job=job.id, load_id=load_id, finished_at=job.updated_at) for job in new),
            ]
    if (streams, admissions) == (observed.ledger.streams, observed.ledger.admissions):
        return observed.ledger
    return observed.ledger.model_copy(update={"streams": streams, "admissions": admissions})


def freshness(ledger: Ledger, declared: dict[str, Connection]) -> list[StreamFreshness]:
    """How far the admitted data of each enabled stream reaches, and when its connection was last synced."""
    entries = []
    for connection in declared.values():
        for stream in connection.enabled_streams if ledger.admissions.get(connection.name) else []:
            files = ledger.streams.get(f"{connection.name}/{stream.name}", {}).values()
            entries.append(
                StreamFreshness(
                    connection=connection.name,
                    stream=stream.name,
                    data_as_of=max((f.as_of for f in files if f.load_id is not None and f.as_of), default=None),
                    synced_at=max(admission.finished_at for admission in ledger.admissions[connection.name]),
                )
            )
    return entries


def _newly_delivered(airbyte: Airbyte, connection: str, newest_admitted: int) -> list[Job]:
    """The jobs to admit, oldest first. A connection that is declared and not yet in Airbyte has none."""
    try:
        return airbyte.delivered_after(connection, newest_admitted)
    except UnknownConnection as error:
        print_line(str(error))
        return []


def _examined(known: dict[str, BronzeFile], listed: dict[str, Blob], stream: Stream) -> dict[str, BronzeFile]:
    """The files of one stream: known ones as they are, new ones examined; files that were cleared are left out."""
    new = bronze_files.examine_all((blob for path, blob in listed.items() if path not in known), stream.cursor)
    return {path: known.get(path) or new[path] for path in listed}


def _append(files: dict[str, BronzeFile], succeeded: set[int]) -> set[str]:
    """Every file with rows up to the newest succeeded sync that no load holds yet."""
    newest = max(succeeded)
    return {path for path, file in files.items() if file.load_id is None and file.rows and file.sync <= newest}


def _newest_generation(files: dict[str, BronzeFile], succeeded: set[int]) -> set[str]:
    """All files of the newest generation with a file of a succeeded sync, if no load holds one of them yet.

    A failed sync that the succeeded one resumed wrote part of the same generation.
    """
    newest = max(succeeded)
    generation = max((f.generation for f in files.values() if f.rows and f.sync in succeeded), default=None)
    chosen = {p: f for p, f in files.items() if f.rows and f.generation == generation and f.sync <= newest}
    return set(chosen) if any(file.load_id is None for file in chosen.values()) else set()


def _succeeded(observed: Observed, connection: str) -> set[int]:
    admitted = {admission.job for admission in observed.ledger.admissions.get(connection, [])}
    return admitted | {job.id for job in observed.jobs[connection]}


def _newest_admitted(known: Ledger, connection: str) -> int:
    return max((admission.job for admission in known.admissions.get(connection, [])), default=0)
