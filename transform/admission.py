"""Admission: which Bronze files a load takes in.

A succeeded sync admits rows of its connection that no load holds yet.

* Of a stream that is appended to: all rows with a sync id up to its own. Rows of failed syncs are among them, because
  Airbyte never sends again what it has checkpointed.
* Of a stream that is sent whole: the newest generation that a succeeded sync wrote.

Failed and cancelled syncs admit nothing.

Admitted rows that are gone from Bronze, or whose file holds others now (the stream was cleared, somebody erased a
person), go from Gold: the ledger names the stream until a release is built that has lost them.
"""

from dataclasses import dataclass

from google.cloud.storage import Blob, Bucket

from biaac.airbyte import Airbyte, Job, UnknownConnection
from biaac.connections import Connection, Stream
from biaac.errors import PermanentError
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
    lost: frozenset[str] = frozenset()  # streams without some of the rows that were admitted

    @property
    def newest_jobs(self) -> dict[str, int]:
        """Connection -> its newest succeeded sync, of connections that have one."""
        newest = {name: max(_succeeded(self, name), default=0) for name in self.declared}
        return {name: job for name, job in newest.items() if job}


def observe(known: Ledger, bucket: Bucket, settings: AirbyteSettings, declared: dict[str, Connection]) -> Observed:
    """Ask Airbyte, then list Bronze: all files of a sync are in place before it succeeds."""
    jobs = _newly_delivered(Airbyte(settings), known, declared)
    listed = bronze_files.listing(bucket)
    streams, lost = {}, set()
    for connection in declared.values():
        for stream in connection.streams:
            name = f"{connection.name}/{stream.name}"
            before = known.streams.get(name, {})
            in_bronze = listed.get(f"{connection.name}/{connection.bronze_folder(stream)}", {})
            if files := _examined(before, in_bronze, stream):
                streams[name] = files
            counts = known.latest_files(name) if stream.mode == "full_refresh" else known.all_files(name)
            if any(not _same(before[path], files.get(path)) for paths in counts.values() for path in paths):
                lost.add(name)
    return Observed(known.model_copy(update={"streams": streams}), jobs, declared, frozenset(lost))


def admit(observed: Observed, load_id: int) -> Ledger:
    """The ledger with all admissible rows admitted at ``load_id``; ``observed.ledger`` itself if nothing changes."""
    streams, admissions = dict(observed.ledger.streams), dict(observed.ledger.admissions)
    removed = {*observed.ledger.removed, *observed.lost}
    for connection in observed.declared.values():
        succeeded = _succeeded(observed, connection.name)
        for stream in connection.streams if succeeded else []:
            name = f"{connection.name}/{stream.name}"
            choose = _append if stream.mode == "incremental" else _newest_generation
            files = streams.get(name, {})
            if chosen := choose(files, succeeded):
                # A file of a sync that is in already was put back by somebody: it belongs to the load of that sync.
                back = {
                    path: load for path in chosen if (load := _load_of(observed.ledger, connection.name, files[path]))
                }
                streams[name] = {
                    path: file.model_copy(update={"load_id": back.get(path, load_id)}) if path in chosen else file
                    for path, file in files.items()
                }
                if back:
                    removed |= {name}
                elif stream.mode == "full_refresh":  # what read its old filling is built anyway
                    removed -= {name}
        if new := observed.jobs[connection.name]:
            admissions[connection.name] = [
                *admissions.get(connection.name, []),
                *(Admission(job=job.id, load_id=load_id, finished_at=job.updated_at) for job in new),
            ]
    changes = {"streams": streams, "admissions": admissions, "removed": sorted(removed)}
    changed = observed.ledger.model_copy(update=changes)
    return observed.ledger if changed == observed.ledger else changed


def freshness(ledger: Ledger, declared: dict[str, Connection]) -> list[StreamFreshness]:
    """How far the admitted data of each stream reaches, and when its connection was last synced.

    A stream that is switched off counts while its rows are there; one that was never synced is left out.
    """
    entries = []
    for connection in declared.values():
        for stream in connection.streams if ledger.admissions.get(connection.name) else []:
            files = [f for f in ledger.files(f"{connection.name}/{stream.name}") if f.load_id is not None]
            synced_at = max(admission.finished_at for admission in ledger.admissions[connection.name])
            times = [f.as_of for f in files if f.as_of and f.as_of <= synced_at + bronze_files.ZONES]
            if stream.enabled or files:
                entries.append(
                    StreamFreshness(
                        connection=connection.name,
                        stream=stream.name,
                        data_as_of=max(times, default=None),
                        synced_at=synced_at,
                    )
                )
    return entries


def _newly_delivered(airbyte: Airbyte, known: Ledger, declared: dict[str, Connection]) -> dict[str, list[Job]]:
    """The jobs of each connection to admit, oldest first.

    A connection that is not yet in Airbyte has none, nor one of which Airbyte's answer is of no use: it stops no other.
    """
    jobs: dict[str, list[Job]] = {}
    errors: list[PermanentError] = []
    for name in declared:
        try:
            jobs[name] = airbyte.delivered_after(name, _newest_admitted(known, name))
        except PermanentError as error:
            print_line(f"warning: {error}")
            jobs[name] = []
            errors += [] if isinstance(error, UnknownConnection) else [error]
    if errors and len(errors) == len(declared):
        raise errors[0]
    return jobs


def _examined(known: dict[str, BronzeFile], listed: dict[str, Blob], stream: Stream) -> dict[str, BronzeFile]:
    """The files of one stream: known ones as they are, others examined; files that were cleared are left out."""
    changed = [
        blob for path, blob in listed.items() if path not in known or known[path].crc32c not in (None, blob.crc32c)
    ]
    examined = bronze_files.examine_all(changed, stream.cursor)
    files = {}
    for path, blob in listed.items():
        file = examined.get(path) or known[path].model_copy(update={"crc32c": blob.crc32c})
        # A file that somebody has rewritten stays in its load.
        files[path] = file.model_copy(update={"load_id": known[path].load_id}) if path in known else file
    return files


def _same(before: BronzeFile, now: BronzeFile | None) -> bool:
    """Whether a file still holds what it held."""
    return now is not None and before.crc32c in (None, now.crc32c)


def _append(files: dict[str, BronzeFile], succeeded: set[int]) -> set[str]:
    """Every file with rows up to the newest succeeded sync that no load holds yet."""
    newest = max(succeeded)
    return {path for path, file in files.items() if file.load_id is None and file.rows and file.sync <= newest}


def _newest_generation(files: dict[str, BronzeFile], succeeded: set[int]) -> set[str]:
    """All files of the generation that the newest succeeded sync wrote, if no load holds one of them yet.

    A failed sync that the succeeded one resumed wrote part of the same generation.
    """
    newest = max(succeeded)
    newest_file = max((f for f in files.values() if f.rows and f.sync in succeeded), key=lambda f: f.sync, default=None)
    generation = newest_file.generation if newest_file else None  # not the greatest: a connection made anew begins at 1
    chosen = {p: f for p, f in files.items() if f.rows and f.generation == generation and f.sync <= newest}
    return set(chosen) if any(file.load_id is None for file in chosen.values()) else set()


def _load_of(ledger: Ledger, connection: str, file: BronzeFile) -> int | None:
    """The load of the sync with which a file came, or would have come; None while that is not in."""
    return next((a.load_id for a in ledger.admissions.get(connection, []) if a.job >= file.sync), None)


def _succeeded(observed: Observed, connection: str) -> set[int]:
    admitted = {admission.job for admission in observed.ledger.admissions.get(connection, [])}
    return admitted | {job.id for job in observed.jobs[connection]}


def _newest_admitted(known: Ledger, connection: str) -> int:
    return max((admission.job for admission in known.admissions.get(connection, [])), default=0)
