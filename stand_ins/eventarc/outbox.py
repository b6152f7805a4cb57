"""Events owed to a trigger: kept in SQLite until they are delivered, so that none is lost with this process."""

import sqlite3
import threading
import time
from dataclasses import astuple, dataclass
from pathlib import Path

# Eventarc's retry: 10 s, doubling up to 600 s, for 24 h (https://cloud.google.com/eventarc/docs/retry-events)
FIRST_RETRY_S = 10.0
LONGEST_RETRY_S = 600.0
LIFETIME_S = 24 * 3600.0

SCHEMA = """
create table if not exists events (
    number integer primary key,
    id text not null, bucket text not null, object text not null, event_time text not null, data blob not null,
    url text not null,
    received real not null, attempts integer not null, next_attempt real not null,  -- seconds since 1970
    dead integer not null, last_answer text not null
);
create index if not exists due on events (dead, next_attempt);
"""


@dataclass(frozen=True)
class Event:
    """A finalize event owed to one trigger's URL."""

    number: int
    id: str
    bucket: str
    object: str
    event_time: str
    data: bytes  # the object resource, JSON
    url: str
    received: float  # seconds since 1970
    attempts: int
    next_attempt: float  # seconds since 1970
    dead: bool
    last_answer: str


class Outbox:
    """The one writer of ``events.sqlite``; every method may be called from any thread."""

    def __init__(self, state: Path, *, time_scale: float) -> None:
        state.mkdir(parents=True, exist_ok=True)
        self._scale = time_scale
        self._database = sqlite3.connect(state / "events.sqlite", check_same_thread=False, isolation_level=None)
        self._database.execute("pragma journal_mode = wal")  # a reader beside it never waits
        self._database.executescript(SCHEMA)
        self._changed = threading.Condition()
        self._in_delivery: set[int] = set()  # forgotten by a crash, so redelivered after it: at least once

    def add(self, events: list[Event]) -> None:
        """Keep ``events`` (their ``number`` is ignored); on disk when this returns."""
        rows = [astuple(event)[1:] for event in events]
        with self._changed:
            self._database.execute("begin")
            self._database.executemany("insert into events values (null, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            self._database.execute("commit")
            self._changed.notify_all()

    def take(self) -> Event:
        """Wait for an event that is due, and reserve it for the caller."""
        with self._changed:
            while True:
                waiting = f"dead = 0 and number not in ({','.join(map(str, self._in_delivery))})"
                due = f"select number from events where {waiting} and next_attempt <= ? order by random() limit 1"  # noqa: S608
                whole = f"select * from events where number = ({due})"  # noqa: S608
                if row := self._database.execute(whole, [time.time()]).fetchone():
                    event = Event(*row)
                    self._in_delivery.add(event.number)
                    return event
                nearest = self._database.execute(f"select min(next_attempt) from events where {waiting}").fetchone()[0]  # noqa: S608
                self._changed.wait(timeout=None if nearest is None else max(0.0, nearest - time.time()))

    def delivered(self, event: Event) -> None:
        """The receiver has answered 2xx: nothing is owed any more."""
        with self._changed:
            self._database.execute("delete from events where number = ?", [event.number])
            self._in_delivery.discard(event.number)

    def failed(self, event: Event, response: str) -> Event:
        """The receiver has not answered 2xx: owed again after the backoff, or dead when the event is too old."""
        now = time.time()
        wait = min(FIRST_RETRY_S * 2**event.attempts, LONGEST_RETRY_S) * self._scale
        dead = now + wait > event.received + LIFETIME_S * self._scale
        change = (
            "update events set attempts = ?, next_attempt = ?, dead = ?, last_answer = ? where number = ? returning *"
        )
        with self._changed:
            row = self._database.execute(
                change, [event.attempts + 1, now + wait, dead, response, event.number]
            ).fetchone()
            self._in_delivery.discard(event.number)
            self._changed.notify_all()
        return Event(*row)


def undelivered(state: Path) -> list[Event]:
    """Events owed or dead, oldest first; reads beside a running stand-in, and after its death."""
    file = state / "events.sqlite"
    if not file.exists():
        return []
    database = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
    try:
        return [Event(*row) for row in database.execute("select * from events order by number")]
    finally:
        database.close()
