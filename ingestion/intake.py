"""Takes in a connector's messages: rows go to Bronze, states are committed once the rows they cover are in place."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ingestion.connector import ConnectorFailed, Message, Run
from ingestion.states import States
from ingestion.writer import StreamWriter

CONVERT_BYTES = 4 << 20  # of messages held as Python values: about ten times as much memory, however wide a row is


@dataclass
class Intake:
    """One attempt's messages."""

    run: Run
    writers: Mapping[str, StreamWriter]
    states: States
    job: int
    checkpoint_s: float

    _pending: dict[str, dict[str, Any]] = field(default_factory=dict)
    _committed_at: float = field(default_factory=time.monotonic)
    _unconverted: int = 0

    def __post_init__(self) -> None:
        self._rows_at_state = {name: writer.rows for name, writer in self.writers.items()}

    def batches(self) -> Iterator[int]:
        """Take everything in, yielding the bytes of each batch; at the end every stream is complete.

        Where the connector fails, what its states cover is kept for the next attempt before the failure goes on.
        """
        try:
            for messages, size in self.run.batches():
                for message in messages:
                    if message["type"] == "RECORD":
                        self._record(message["record"])
                    elif message["type"] == "STATE":
                        self._state(message["state"])
                    elif message["type"] == "TRACE" and message["trace"]["type"] == "STREAM_STATUS":
                        self._status(message["trace"]["stream_status"])
                self._unconverted += size
                if self._unconverted >= CONVERT_BYTES:
                    for writer in self.writers.values():
                        writer.convert()
                    self._unconverted = 0
                yield size
        except ConnectorFailed:
            self._commit(list(self._pending))
            raise
        self._commit(list(self.writers), complete=True)

    def _commit(self, streams: Iterable[str], *, complete: bool = False) -> None:
        """Put the rows of ``streams`` in place, then commit the states that cover them."""
        for name in streams:
            self.writers[name].finish_part()
            entry = self.states.streams[name]
            entry.state = self._pending.pop(name, entry.state)
            if complete:
                entry.completed_by = self.job
        self.states.commit()
        self._committed_at = time.monotonic()

    def _record(self, record: Message) -> None:
        name = record["stream"]
        writer = self.writers.get(name)
        if writer is None:
            raise self.run.failed(f"sent a row of stream {name!r}, which it was not configured to read")
        writer.add(record["data"], record["emitted_at"])

    def _state(self, state: Message) -> None:
        if state.get("type") != "STREAM":
            raise self.run.failed(f"sent a state of type {state.get('type')}; only states per stream are understood")
        name = state["stream"]["stream_descriptor"]["name"]
        if name not in self.writers:
            raise self.run.failed(f"sent a state of stream {name!r}, which it was not configured to read")
        rows = self.writers[name].rows
        received = rows - self._rows_at_state[name]
        self._rows_at_state[name] = rows
        sent = (state.get("sourceStats") or {}).get("recordCount")
        if sent is not None and int(sent) != received:
            raise self.run.failed(f"counts {int(sent)} rows of {name} in its state, but {received} came")
        self._pending[name] = state["stream"].get("stream_state") or {}
        if time.monotonic() - self._committed_at >= self.checkpoint_s:
            self._commit(list(self._pending))

    def _status(self, status: Message) -> None:
        name = status["stream_descriptor"]["name"]
        if status["status"] == "INCOMPLETE":
            raise self.run.failed(f"could not complete stream {name}")
        if status["status"] == "COMPLETE" and name in self.writers:
            self._commit([name], complete=True)
