"""How far the streams of a connection have been read: committed only after the files it covers are in place.

    gs://OPS/airbyte/states/<connection>

A generation is Airbyte's word for one complete copy of a stream. A full refresh begins a new one with every job; an
incremental stream keeps its generation until it is cleared.
"""

from dataclasses import dataclass
from typing import Any

from google.cloud.storage import Bucket
from pydantic import BaseModel, ConfigDict

from biaac import objects
from biaac.connections import Connection


class StreamState(BaseModel):
    """One stream. ``begun_by`` and ``completed_by`` are jobs: a job that is run again continues where it was."""

    model_config = ConfigDict(extra="forbid")

    generation: int = 0
    begun_by: int = 0
    completed_by: int = 0
    state: dict[str, Any] | None = None  # as the connector's STATE message has it; None before the first


@dataclass
class States:
    """The states of one connection in the hands of the one job that holds it; a second writer meets ``LostRace``."""

    ops: Bucket
    name: str
    streams: dict[str, StreamState]
    shared: dict[str, Any] | None  # as a GLOBAL or an old connector's STATE has it: of all streams together
    version: int

    @classmethod
    def open(cls, ops: Bucket, connection: str) -> "States":
        """What is committed now."""
        name = f"airbyte/states/{connection}"
        stored = objects.read(ops, name)
        entries = stored.value["streams"] if stored.value else {}
        streams = {stream: StreamState.model_validate(entry) for stream, entry in entries.items()}
        return cls(ops, name, streams, (stored.value or {}).get("shared"), stored.generation)

    def begin(self, connection: Connection, job: int) -> None:
        """Give every full-refresh stream a new generation for this job; doing it twice changes nothing."""
        for stream in connection.enabled_streams:
            entry = self.streams.setdefault(stream.name, StreamState())
            if entry.begun_by != job:
                entry.begun_by = job
                if stream.mode == "full_refresh":
                    entry.generation += 1
                    entry.state = None
        self.commit()

    def clear(self, connection: Connection, job: int) -> None:
        """Forget every stream and begin a new generation of it; doing it twice changes nothing."""
        for stream in connection.streams:
            entry = self.streams.setdefault(stream.name, StreamState())
            if entry.begun_by != job:
                self.streams[stream.name] = StreamState(generation=entry.generation + 1, begun_by=job)
                self.shared = None
        self.commit()

    def handed_back(self, connection: Connection, streams: dict[str, Any]) -> Any:
        """What is committed of these streams (ours -> the source's own description), as the connector reads it.

        Of a stream that is sent whole, nothing: each attempt reads it from its beginning.
        """
        whole = {stream.name for stream in connection.streams if stream.mode == "full_refresh"}
        descriptors = {
            name: {key: offered[key] for key in ("name", "namespace") if offered.get(key) is not None}
            for name, offered in streams.items()
        }
        if self.shared is None:
            return [
                {"type": "STREAM", "stream": {"stream_descriptor": descriptor, "stream_state": state}}
                for name, descriptor in descriptors.items()
                if name not in whole and (state := self.streams[name].state) is not None
            ]
        if self.shared["type"] == "LEGACY":
            return self.shared["data"]
        fresh = [descriptors[name] for name in whole if name in descriptors]
        states = [
            each
            for each in self.shared["global"]["stream_states"]
            if {key: value for key, value in each["stream_descriptor"].items() if value is not None} not in fresh
        ]
        return [{"type": "GLOBAL", "global": {**self.shared["global"], "stream_states": states}}]

    def commit(self) -> None:
        """Write; ``LostRace`` if another job has written since."""
        streams = {stream: entry.model_dump(mode="json") for stream, entry in self.streams.items()}
        value = {"streams": streams, "shared": self.shared}
        self.version = objects.replace(self.ops, self.name, value, expected=self.version).generation
