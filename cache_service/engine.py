"""The middle: a question -> an answer that is cached, shared with others who ask the same, or a worker's.

An answer is kept under (statement, parameters, content of the tables its plan touched): a new release that did not
change those tables goes on using it, and nothing is ever stale by clock. What the planner calls volatile, and
whatever reads ``biaac.*``, is never kept.
"""

import os
import time
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from google.cloud.storage import Bucket

from biaac import objects
from biaac.errors import BiaacError, PermanentError
from biaac.releases import Release
from cache_service import errors, system
from cache_service.catalogue import Catalogue, content
from cache_service.errors import QueryError, Unavailable
from cache_service.pool import Answer, Pool, resident
from cache_service.questions import Question
from cache_service.results import Lru, SingleFlight
from cache_service.schemas import disk_schema
from cache_service.store import Store
from cache_service.system import Asked, Sources

TEXT_BYTES = 16 << 20  # of the statements whose tables or columns we remember; a dashboard's fifteen take 10 KiB
ASKED_KEPT = 1000  # rows of biaac.queries
ASKED_TEXT = 2000  # characters of a statement kept in them


@dataclass(frozen=True)
class Facts:
    """What planning a text told: which tables it touches and whether its answer may be kept."""

    touched: tuple[str, ...]
    volatile: bool

    @property
    def cacheable(self) -> bool:
        """False where the same question may have another answer."""
        return not self.volatile and not any(name in system.TABLES for name in self.touched)


class Engine:
    """Answers questions about the releases of one environment."""

    def __init__(
        self, catalogue: Catalogue, store: Store, pool: Pool, ops: Bucket, *, result_bytes: int, statement_bytes: int
    ) -> None:
        self.catalogue, self.store, self.pool, self.ops = catalogue, store, pool, ops
        self.statement_bytes = statement_bytes
        self.results: Lru[pa.Table] = Lru(result_bytes)
        self.asked: deque[Asked] = deque(maxlen=ASKED_KEPT)
        self.counts = {"hit": 0, "miss": 0, "shared": 0, "bypass": 0, "error": 0}
        self._facts: Lru[Facts] = Lru(TEXT_BYTES)
        self._schemas: Lru[pa.Schema] = Lru(TEXT_BYTES)
        self._flights: SingleFlight[Answer] = SingleFlight()

    def pin(self, question: Question) -> Question:
        """The question with its release said: the current one unless another is. One query, one release."""
        if question.release is not None:
            self.catalogue.release(question.release)
            return question
        release = self.catalogue.current().release
        return replace(question, release=release.id if release else None)

    def answer(self, question: Question) -> pa.Table:
        """The rows. Raises ``QueryError``, ``Unavailable``, or what loading a table raised."""
        started, at = time.monotonic(), datetime.now(UTC)
        question = self.pin(question)
        outcome, cache, table, cpu = "ok", "error", None, None
        try:
            table, cache, cpu = self._answer(question)
            return table
        except BiaacError as error:
            outcome = getattr(error, "state", errors.DATA_CORRUPTED)
            raise
        finally:
            self.counts[cache] += 1
            rows, size = (None, None) if table is None else (table.num_rows, table.nbytes)
            seconds = round(time.monotonic() - started, 6)
            text = question.sql[:ASKED_TEXT]
            self.asked.append(Asked(at, text, question.release, outcome, cache, rows, size, seconds, cpu))

    def schema(self, question: Question) -> pa.Schema:
        """The columns of the answer, planned but not run."""
        question = self.pin(question)
        release = self._release(question)
        facts = self._facts.get(question.sql)
        kept = self.results.get(self._key(question, release, facts)) if facts else None
        schema = self._schemas.get(question) if kept is None else kept.schema
        if schema is None:
            answer = self._run(question, release, run=False)
            schema = _table(answer).schema
            self._schemas.put(question, schema, len(question.sql))
        return schema

    def warm(self, environment: str, release_id: str) -> dict[str, Any]:
        """Load every table of a release and answer the dashboards' statements from it, while others use another.

        A statement that fails is reported, not raised: a chart nobody has mended must not stop new data. Files that
        are missing or corrupt raise ``PermanentError``: such a release must not become current.
        """
        if environment != self.catalogue.environment:
            raise PermanentError(f"this instance serves {self.catalogue.environment}, not {environment}")
        started = time.monotonic()
        release = self.catalogue.release(release_id)
        fetched = sum(self._load(release, table)[1] for table in sorted(release.tables))
        left = objects.read(self.ops, f"warm/{environment}.json").value or {"statements": []}
        failed = []
        for sql in left["statements"]:
            try:
                self.answer(Question(sql, release=release_id))
            except QueryError as error:
                failed.append({"statement": sql, "reason": f"{error.state}: {error.message}"})
        return {
            "release": release_id,
            "tables": len(release.tables),
            "bytes_fetched": fetched,
            "statements": len(left["statements"]),
            "failed": failed,
            "seconds": round(time.monotonic() - started, 3),
        }

    def status(self) -> dict[str, Any]:
        """What this instance does and holds, for people and checks."""
        known = self.catalogue.current()
        files, size = self.store.size()
        asked = self.counts["hit"] + self.counts["shared"] + self.counts["miss"]
        return {
            "environment": self.catalogue.environment,
            "release": known.release.id if known.release else None,
            "held": known.pointer is not None and known.pointer.held is not None,
            "pointer_age_seconds": self.catalogue.pointer_age(),
            "releases": self.catalogue.held(),
            "front": resident(os.getpid()),
            "workers": self.pool.status(),
            "workers_lost": self.pool.lost,
            "results": {
                **self.counts,
                "hit_rate": round((self.counts["hit"] + self.counts["shared"]) / asked, 4) if asked else None,
                "entries": len(self.results),
                "bytes": self.results.weight,
                "capacity": self.results.capacity,
            },
            "disk": {"files": files, "bytes": size, "capacity": self.store.capacity},
        }

    def _answer(self, question: Question) -> tuple[pa.Table, str, float | None]:
        """Rows, how they came (see ``Asked.cache``), and processor time."""
        if len(question.sql.encode()) > self.statement_bytes:
            raise QueryError(errors.LIMIT_EXCEEDED, f"the statement is longer than {self.statement_bytes >> 10} KiB")
        release = self._release(question)
        facts = self._facts.get(question.sql)
        if facts is not None:
            kept = self.results.get(self._key(question, release, facts))
            if kept is not None:
                return kept, "hit", None
        if facts is None or facts.cacheable:
            answer, ran = self._flights.do(question, lambda: self._run(question, release))
            facts = Facts(answer.touched, answer.volatile)
            if facts.cacheable:
                table = _table(answer)
                if ran:
                    self.results.put(self._key(question, release, facts), table, answer.stream.size + len(question.sql))
                return table, "miss" if ran else "shared", answer.cpu_seconds if ran else None
            if ran:
                return _table(answer), "bypass", answer.cpu_seconds
        answer = self._run(question, release)  # what may differ is not shared with others either
        return _table(answer), "bypass", answer.cpu_seconds

    def _run(self, question: Question, release: Release | None, *, run: bool = True) -> Answer:
        tables: dict[str, str | None] = dict.fromkeys(system.TABLES)
        if release is not None:
            tables |= {name: reference.manifest for name, reference in release.tables.items()}
        header = {"sql": question.sql, "run": run, "tables": tables}
        try:
            answer = self.pool.run(header, question.parameters or b"", lambda table: self._supply(release, table))
        except QueryError as error:
            if release is None and error.state == errors.NO_SUCH_TABLE:
                environment = self.catalogue.environment
                message = f"no release yet: nothing has been promoted in {environment}"
                raise Unavailable(errors.NO_RELEASE_YET, message, hint="biaac sync") from None
            raise
        self._facts.put(question.sql, Facts(answer.touched, answer.volatile), len(question.sql))
        return answer

    def _supply(self, release: Release | None, table: str) -> tuple[pa.Buffer, list[Path]]:
        """What a worker needs to read ``table``: rows as an Arrow IPC stream, and files to map."""
        if table in system.TABLES:
            return _stream(system.table(table, Sources(self.catalogue, release, tuple(self.asked)))), []
        assert release is not None  # noqa: S101  # a table of no release was never offered to the worker
        paths, _ = self._load(release, table)
        return _stream(disk_schema(self.catalogue.manifest(release, table)).empty_table()), paths

    def _load(self, release: Release, table: str) -> tuple[list[Path], int]:
        loaded = self.store.load(self.catalogue.manifest(release, table))
        if loaded.bytes_fetched:
            current = self.catalogue.current().release
            needed = [self.catalogue.manifests(kept) for kept in (release, current) if kept is not None]
            self.store.evict([manifest for manifests in needed for manifest in manifests])
        return loaded

    def _release(self, question: Question) -> Release | None:
        return None if question.release is None else self.catalogue.release(question.release)

    def _key(self, question: Question, release: Release | None, facts: Facts) -> Hashable:
        """What an answer depends on; None where it must not be kept, or the release lacks a table."""
        touched = facts.touched
        if not facts.cacheable or (touched and (release is None or not set(touched) <= set(release.tables))):
            return None
        contents = tuple((name, content(self.catalogue.manifest(release, name))) for name in touched if release)
        return question.sql, question.parameters, contents


def _table(answer: Answer) -> pa.Table:
    with pa.ipc.open_stream(answer.stream) as stream:
        return stream.read_all()


def _stream(table: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue()
