"""The middle: a question -> an answer that is cached, shared with others who ask the same, or a worker's.

An answer is kept under (statement, parameters, content of the tables its plan touched): a new release that did not
change those tables goes on using it, and nothing is ever stale by clock. What the planner calls volatile, and
whatever reads ``biaac.*``, is never kept.
"""

import functools
import os
import time
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from google.cloud.storage import Bucket

from biaac import objects
from biaac.errors import BiaacError, PermanentError
from cache_service import errors, system
from cache_service.catalogue import Catalogue
from cache_service.errors import Abandoned, QueryError, Unavailable
from cache_service.pool import Answer, Pool, resident
from cache_service.questions import Pinned, Question
from cache_service.results import Lru, SingleFlight
from cache_service.settings import ServiceSettings
from cache_service.store import Store
from cache_service.system import QueryRecord
from cache_service.tables import Tables
from cache_service.wire import from_stream

TEXT_BYTES = 16 << 20  # of the statements whose tables or columns we remember; a dashboard's fifteen take 10 KiB
QUERIES_KEPT = 1000  # rows of biaac.queries
QUERY_TEXT = 2000  # characters of a statement kept in them


Gone = Callable[[], bool]


@dataclass(frozen=True)
class Facts:
    """What the plan of a statement shows: which tables it touches and whether its answer may be kept."""

    touched: tuple[str, ...]
    volatile: bool

    @property
    def cacheable(self) -> bool:
        """False where the same question may have another answer."""
        return not self.volatile and not any(name in system.TABLES for name in self.touched)


class Engine:
    """Answers questions about the releases of one environment."""

    def __init__(self, settings: ServiceSettings, catalogue: Catalogue, store: Store, pool: Pool, ops: Bucket) -> None:
        self.catalogue, self.store, self.pool, self.ops = catalogue, store, pool, ops
        self.statement_kib = settings.statement_kib
        self.results: Lru[pa.Table] = Lru(settings.result_mib << 20)
        self.queries: deque[QueryRecord] = deque(maxlen=QUERIES_KEPT)
        self.tables = Tables(catalogue, store, self.queries)
        self.counts = {"hit": 0, "miss": 0, "shared": 0, "bypass": 0, "error": 0}
        self._facts: Lru[Facts] = Lru(TEXT_BYTES)
        self._schemas: Lru[pa.Schema] = Lru(TEXT_BYTES)
        self._flights: SingleFlight[Answer] = SingleFlight()

    def answer(self, pinned: Pinned, gone: Gone = lambda: False) -> pa.Table:
        """The rows; ``gone`` says whether nobody waits for them any more.

        Raises ``QueryError``, ``Unavailable``, or what loading a table raised.
        """
        started, at = time.monotonic(), datetime.now(UTC)
        question = pinned.question
        outcome, cache, table, cpu = "ok", "error", None, None
        try:
            table, cache, cpu = self._answer(pinned, gone)
            return table
        except BiaacError as error:
            outcome = getattr(error, "state", errors.DATA_CORRUPTED)
            raise
        finally:
            self.counts[cache] += 1
            rows, size = (None, None) if table is None else (table.num_rows, table.nbytes)
            seconds = round(time.monotonic() - started, 6)
            text = question.sql[:QUERY_TEXT]
            self.queries.append(QueryRecord(at, text, question.release, outcome, cache, rows, size, seconds, cpu))

    def schema(self, pinned: Pinned) -> pa.Schema:
        """The columns of the answer, planned but not run."""
        question = pinned.question
        facts = self._facts.get(question.sql)
        kept = self.results.get(self._key(pinned, facts)) if facts else None
        schema = self._schemas.get(question) if kept is None else kept.schema
        if schema is None:
            schema = from_stream(self._run(pinned, run=False).stream).schema
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
        fetched = sum(self.tables.load(release, table).bytes_fetched for table in sorted(release.tables))
        stored = objects.read(self.ops, f"warm/{environment}.json").value or {"statements": []}
        failed = []
        for sql in stored["statements"]:
            try:
                self.answer(Pinned(Question(sql, release=release_id), release))
            except QueryError as error:
                failed.append({"statement": sql, "reason": f"{error.state}: {error.message}"})
        return {
            "release": release_id,
            "tables": len(release.tables),
            "bytes_fetched": fetched,
            "statements": len(stored["statements"]),
            "failed": failed,
            "seconds": round(time.monotonic() - started, 3),
        }

    def status(self) -> dict[str, Any]:
        """What this instance does and keeps, for people and checks."""
        current = self.catalogue.current()
        files, size = self.store.size()
        cacheable = self.counts["hit"] + self.counts["shared"] + self.counts["miss"]
        return {
            "environment": self.catalogue.environment,
            "release": current.release.id if current.release else None,
            "held": current.pointer is not None and current.pointer.held is not None,
            "pointer_age_seconds": self.catalogue.pointer_age(),
            "releases": self.catalogue.loaded(),
            "front": resident(os.getpid()),
            "workers": self.pool.status(),
            "workers_lost": self.pool.lost,
            "results": {
                **self.counts,
                "hit_rate": round((self.counts["hit"] + self.counts["shared"]) / cacheable, 4) if cacheable else None,
                "entries": len(self.results),
                "bytes": self.results.weight,
                "capacity": self.results.capacity,
            },
            "disk": {"files": files, "bytes": size, "capacity": self.store.capacity},
        }

    def _answer(self, pinned: Pinned, gone: Gone) -> tuple[pa.Table, str, float | None]:
        """Rows, how they came (see ``QueryRecord.cache``), and processor time."""
        question = pinned.question
        if len(question.sql.encode()) > self.statement_kib << 10:
            raise QueryError(errors.LIMIT_EXCEEDED, f"the statement is longer than {self.statement_kib} KiB")
        facts = self._facts.get(question.sql)
        if facts is not None:
            kept = self.results.get(self._key(pinned, facts))
            if kept is not None:
                return kept, "hit", None
        if facts is None or facts.cacheable:
            answer, ran = self._shared(pinned, gone)
            facts = Facts(answer.touched, answer.volatile)
            if facts.cacheable:
                table = from_stream(answer.stream)
                if ran:
                    self.results.put(self._key(pinned, facts), table, answer.stream.size + len(question.sql))
                return table, "miss" if ran else "shared", answer.cpu_seconds if ran else None
            if ran:
                return from_stream(answer.stream), "bypass", answer.cpu_seconds
        answer = self._run(pinned, gone)  # what may differ is not shared with others either
        return from_stream(answer.stream), "bypass", answer.cpu_seconds

    def _shared(self, pinned: Pinned, gone: Gone) -> tuple[Answer, bool]:
        """One run for all who ask the same now. Where the one who ran it has gone, the next does."""
        while True:
            try:
                return self._flights.do(pinned.question, lambda: self._run(pinned, gone))
            except Abandoned:
                if gone():
                    raise

    def _run(self, pinned: Pinned, gone: Gone = lambda: False, *, run: bool = True) -> Answer:
        question, release = pinned.question, pinned.release
        header = {"sql": question.sql, "run": run, "tables": self.tables.versions(release)}
        try:
            supply = functools.partial(self.tables.supply, release)
            answer = self.pool.run(header, question.parameters or b"", supply, gone)
        except QueryError as error:
            if release is None and error.state == errors.NO_SUCH_TABLE:
                message = f"no release yet: nothing has been promoted in {self.catalogue.environment}"
                raise Unavailable(errors.NO_RELEASE_YET, message, hint="biaac sync NAME") from None
            raise
        self._facts.put(question.sql, Facts(answer.touched, answer.volatile), len(question.sql))
        return answer

    def _key(self, pinned: Pinned, facts: Facts) -> Hashable:
        """What an answer depends on; None where it must not be kept, or the release lacks a table."""
        contents = self.catalogue.contents(pinned.release, facts.touched) if facts.cacheable else None
        return None if contents is None else (pinned.question.sql, pinned.question.parameters, contents)
