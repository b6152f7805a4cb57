"""Releases: a release is to data what a commit is to code.

    gs://LAKE/releases/<environment>/<release id>.json   small commit object (``Release``)
    gs://LAKE/manifests/<digest>.json                    one table at one release (``TableManifest``), loaded on demand
    gs://LAKE/gold/<table>/<digest>.parquet              immutable, content-addressed data
    gs://LAKE/releases/<environment>/current             the pointer (``Pointer``): moved only by compare-and-set

A table or partition that did not change is carried over by reference. The pointer moves forward in sequence;
a rollback moves it back and sets ``held``: candidates are still built, none is promoted until a person lifts it.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from google.api_core.exceptions import NotFound
from google.api_core.retry import Retry
from google.cloud.storage import Bucket
from pydantic import AwareDatetime

from biaac import objects
from biaac.errors import LostRace, PermanentError
from biaac.records import Record
from biaac.release_records import (
    AuditOutcome,
    Column,
    DataFile,
    Load,
    Metric,
    Release,
    StreamFreshness,
    TableManifest,
    TableReference,
    digest,
    passed,
)

__all__ = [  # the values of a release belong to this module's words
    "AuditOutcome",
    "Column",
    "DataFile",
    "Load",
    "Metric",
    "Release",
    "StreamFreshness",
    "TableManifest",
    "TableReference",
    "digest",
    "passed",
]


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
            raise PermanentError(f"{environment} has no release yet", hint="biaac sync NAME")
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
        raise PermanentError(f"{environment} has no release yet", hint="biaac sync NAME")
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
