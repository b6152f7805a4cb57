"""Takes in a connector's messages: rows go to Bronze, states are committed once the rows they cover are in place."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from ingestion.connector import ConnectorFailed, Run
from ingestion.messages import Message, State, Status
from ingestion.states import States
from ingestion.unread import Unread
from ingestion.writer import StreamWriter

CONVERT_BYTES = 4 << 20  # of messages held as Python values: about ten times as much memory, however wide a row is
FIRST_MS, LAST_MS = 10**11, 10**14  # 1973 and 5138: an earlier moment is in seconds, a later one is none

Shape = TypeVar("Shape")


@dataclass
class Intake:
    """One attempt's messages. ``names`` has the streams it reads, by namespace and name, and what we call them."""

    run: Run
    names: Mapping[tuple[str | None, str], str]
    writers: Mapping[str, StreamWriter]
    states: States
    unread: Unread
    job: int
    checkpoint_s: float

    _pending: dict[str, dict[str, Any]] = field(default_factory=dict)
    _shared: Message | None = None  # a state of all streams together
    _committed_at: float = field(default_factory=time.monotonic)
    _unconverted: int = 0
    _unread_at_state: int = 0

    def __post_init__(self) -> None:
        self._rows_at_state = {name: writer.rows for name, writer in self.writers.items()}

    def batches(self) -> Iterator[int]:
        """Take everything in, yielding the bytes of each batch; at the end every stream is complete.

        Where the connector fails, what its states cover is kept for the next attempt before the failure goes on.
        """
        try:
            for messages, size in self.run.batches():
                for message, line in messages:
                    self._take(message, line)
                self._unconverted += size
                if self._unconverted >= CONVERT_BYTES:
                    for writer in self.writers.values():
                        writer.convert()
                    self._unconverted = 0
                yield size
        except ConnectorFailed:
            self._commit(list(self.writers) if self._shared else list(self._pending))
            raise
        self._commit(list(self.writers), complete=True)

    def _take(self, message: Message, line: bytes) -> None:
        kind = message["type"]
        if kind == "RECORD":
            self._record(message.get("record"), line)
        elif kind == "STATE":
            self._state(self._shaped(message.get("state"), State, line))
        elif kind == "TRACE":
            self._status(self._shaped(message["trace"].get("stream_status"), Status, line))
        elif kind == "UNREAD":
            self.unread.add(line, "they cannot be read")

    def _shaped(self, value: Any, shape: type[Shape], line: bytes) -> Shape | None:
        try:
            return msgspec.convert(value, shape)
        except msgspec.ValidationError:
            self.unread.add(line, f"a {shape.__name__.upper()} that is none of the protocol")
            return None

    def _commit(self, streams: Iterable[str], *, complete: bool = False) -> None:
        """Put the rows of ``streams`` in place, then commit the states that cover them."""
        for name in streams:
            self.writers[name].finish_part()
            entry = self.states.streams[name]
            entry.state = self._pending.pop(name, entry.state)
            if complete:
                entry.completed_by = self.job
        self.states.shared = self._shared or self.states.shared
        self.unread.save()
        self.states.commit()
        self._committed_at = time.monotonic()

    def _record(self, record: Any, line: bytes) -> None:
        row, name = (record.get("data"), record.get("stream")) if isinstance(record, dict) else (None, None)
        namespace = record.get("namespace") if isinstance(record, dict) else None
        if type(row) is not dict or type(name) is not str or not isinstance(namespace, (str, type(None))):
            self.unread.add(line, "a row without data, or of no stream")
            return
        ours = self._ours(name, namespace)
        if ours is None:
            self.unread.add(line, f"a row of stream {name!r}, which it was not asked for")
            return
        self.writers[ours].add(row, _moment(record.get("emitted_at")), line, _changes(record.get("meta")))

    def _ours(self, name: str, namespace: str | None) -> str | None:
        """What we call a stream of the source; a message may leave the namespace out where one stream has the name."""
        if (namespace, name) in self.names:
            return self.names[namespace, name]
        alike = [ours for (_, other), ours in self.names.items() if other == name]
        return alike[0] if namespace is None and len(alike) == 1 else None

    def _state(self, state: State | None) -> None:
        if state is None:
            return
        sent = state.sourceStats.recordCount if state.sourceStats else None
        if state.stream and state.type in ("STREAM", None):
            descriptor = state.stream.stream_descriptor
            name = self._ours(descriptor.name, descriptor.namespace)
            if name is None:
                return  # of a stream that nobody asked for
            self._count([name], sent, f"of {name}")
            self._pending[name] = state.stream.stream_state or {}
        elif state.shared or state.data is not None:
            self._count(list(self.writers), sent, "of all streams")
            self._share(state)
        if time.monotonic() - self._committed_at >= self.checkpoint_s:
            self._commit(list(self.writers) if self._shared else list(self._pending))

    def _share(self, state: State) -> None:
        """Where streams have one position together, none is complete before all are."""
        if state.shared:
            self._shared = {"type": "GLOBAL", "global": msgspec.to_builtins(state.shared)}
        else:
            self._shared = {"type": "LEGACY", "data": state.data}
        for name in self.writers:
            self.states.streams[name].completed_by = 0

    def _count(self, names: list[str], sent: float | None, of: str) -> None:
        """Compare what the source counts since its last state; what nobody could read may have been a row of it."""
        rows = {name: self.writers[name].rows for name in names}
        received = sum(rows[name] - self._rows_at_state[name] for name in names)
        self._rows_at_state |= rows
        unread, self._unread_at_state = self.unread.count - self._unread_at_state, self.unread.count
        if sent is not None and not received <= int(sent) <= received + unread:
            raise self.run.failed(f"counts {int(sent)} rows {of} in its state, but {received} came")

    def _status(self, status: Status | None) -> None:
        if status is None:
            return
        name = self._ours(status.stream_descriptor.name, status.stream_descriptor.namespace)
        if status.status == "INCOMPLETE":
            raise self.run.failed(f"could not complete stream {name or status.stream_descriptor.name}")
        if status.status == "COMPLETE" and name is not None and not (self._shared or self.states.shared):
            self._commit([name], complete=True)


def _changes(meta: Any) -> list[dict[str, str]]:
    """What the source has changed in a row before it sent it."""
    changes = meta.get("changes") if isinstance(meta, dict) else None
    told = [each for each in changes if isinstance(each, dict)] if isinstance(changes, list) else []
    return [{key: str(each.get(key, "")) for key in ("field", "change", "reason")} for each in told]


def _moment(emitted_at: Any) -> int:
    """When a row was read, in epoch milliseconds; some connectors write a fraction, seconds, or nothing."""
    if isinstance(emitted_at, (int, float)) and 0 <= emitted_at < LAST_MS:
        return int(emitted_at if emitted_at >= FIRST_MS else emitted_at * 1000)
    return int(time.time() * 1000)
