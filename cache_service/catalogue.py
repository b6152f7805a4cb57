"""Which release is current, and what the releases in use hold.

Level-triggered: a request that finds the last reading of the pointer older than a second reads it again. Nothing is
pushed (a message reaches one instance of many) and there is no thread (an idle instance on Cloud Run has no CPU).
"""

import hashlib
import logging
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog
from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.cloud.storage import Bucket
from requests.exceptions import RequestException

from biaac import releases
from biaac.errors import BiaacError, PermanentError
from biaac.releases import Pointer, Release, TableManifest
from cache_service import errors
from cache_service.errors import QueryError, Unavailable
from cache_service.questions import Pinned, Question
from cache_service.results import Lru

FRESH_S = 1.0  # a promotion is seen within this and the reading itself, two seconds at most
WORRYING_S = 300.0  # readers see an old release for so long: a hiccup is over by then
KEPT = 500  # release objects and manifests, a few KiB each
POINTER_TIMEOUT_S = 1.0  # once and not again: a dashboard waits for this answer, and there is an older one
RELEASE_ID = re.compile(r"\d{6,}-[0-9a-f]{12}")

log = structlog.get_logger()


@dataclass(frozen=True)
class Current:
    """The pointer as last read, and its release; both None before the first promotion."""

    pointer: Pointer | None
    release: Release | None


class Catalogue:
    """Releases of one environment, read at first use and kept: they never change."""

    def __init__(self, lake: Bucket, environment: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.lake, self.environment, self.clock = lake, environment, clock
        self._current: Current | None = None
        self._read_at = self._tried_at = float("-inf")
        self._lock = threading.Lock()
        self._releases: Lru[Release] = Lru(KEPT)
        self._manifests: Lru[TableManifest] = Lru(KEPT)

    def current(self) -> Current:
        """Pointer and release as they are now, or were a second ago.

        While the store does not answer, the last reading stands: old and whole beats nothing, and ``pointer_age`` says
        how old. Raises ``Unavailable`` if there has been none.
        """
        with self._lock:
            if self.clock() - self._tried_at < FRESH_S and self._current is not None:
                return self._current
            try:
                self._current = self._read()
                self._read_at = self.clock()
            except (BiaacError, GoogleAPICallError, RetryError, RequestException, OSError) as error:
                if self._current is None:
                    message = f"cannot read releases/{self.environment}/current: {error}"
                    raise Unavailable(errors.CANNOT_CONNECT_NOW, message) from error
                age = self.pointer_age() or 0
                level = logging.ERROR if age > WORRYING_S else logging.WARNING
                log.log(level, "pointer not read, the last one stands", error=str(error), age_s=age)
            finally:
                self._tried_at = self.clock()
            return self._current

    def pointer_age(self) -> float | None:
        """Seconds since the pointer was last read; None before the first time."""
        age = self.clock() - self._read_at
        return None if age == float("inf") else age

    def pin(self, question: Question) -> Pinned:
        """The question with the release it names, or the current one: one question, one release."""
        release = self.choose(question.release)
        return Pinned(replace(question, release=release.id if release else None), release)

    def choose(self, release_id: str | None) -> Release | None:
        """The release of that id; without an id the current one, None before the first."""
        return self.current().release if release_id is None else self.release(release_id)

    def release(self, release_id: str) -> Release:
        """A release by id, whether or not it was ever current; ``QueryError`` if there is none."""
        if not RELEASE_ID.fullmatch(release_id):
            raise QueryError(errors.NO_SUCH_RELEASE, f"{release_id!r} is no release id", hint="biaac releases")
        release = self._releases.get(release_id)
        if release is None:
            try:
                release = releases.read(self.lake, self.environment, release_id)
            except PermanentError as error:
                raise QueryError(errors.NO_SUCH_RELEASE, error.message, hint=error.hint) from None
            self._releases.put(release_id, release)
        return release

    def loaded(self) -> list[str]:
        """Ids of the releases in memory."""
        return sorted(release.id for release in self._releases.values())

    def all(self, newest: int) -> list[Release]:
        """The ``newest`` releases, promoted or not, oldest first."""
        return [self.release(release_id) for release_id in list(releases.ids(self.lake, self.environment))[-newest:]]

    def manifest(self, release: Release, table: str) -> TableManifest:
        """One table of a release."""
        reference = release.tables[table]
        manifest = self._manifests.get(reference.manifest)
        if manifest is None:
            manifest = releases.read_manifest(self.lake, reference)
            self._manifests.put(reference.manifest, manifest)
        return manifest

    def manifests(self, release: Release) -> list[TableManifest]:
        """Every table of a release, by name."""
        return [self.manifest(release, table) for table in sorted(release.tables)]

    def contents(self, release: Release | None, names: Sequence[str]) -> tuple[tuple[str, str], ...] | None:
        """Each table's name and content; None if the release lacks one of them."""
        if not set(names) <= set(release.tables if release else ()):
            return None
        return tuple((name, _content(self.manifest(release, name))) for name in names if release)

    def _read(self) -> Current:
        pointer = releases.pointer(self.lake, self.environment, timeout=POINTER_TIMEOUT_S, retry=None)
        if pointer is None:
            return Current(None, None)
        if self._current is not None and self._current.pointer == pointer:
            return self._current
        log.info("current release", release=pointer.release, held=pointer.held is not None)
        return Current(pointer, self.release(pointer.release))


def _content(manifest: TableManifest) -> str:
    """What an answer depends on: the files alone. A new description changes the manifest, but no answer."""
    columns = [(column.name, column.type) for column in manifest.columns]
    files = [file.digest for file in manifest.files]
    return hashlib.sha256(repr((columns, files)).encode()).hexdigest()
