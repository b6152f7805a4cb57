"""A connector's process: started from its own environment, its messages read, stopped when it is silent."""

import fcntl
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any

import orjson

from biaac.connections import Connection
from biaac.errors import PermanentError, TransientError
from ingestion.settings import Settings, connector_environment

PIPE_BYTES = 1 << 20  # Linux's largest for anyone; at 64 KiB both sides wait for each other
LINE_BYTES = 64 << 20  # one message; a longer one would fill memory before it is read
LOG_LINES = 20  # kept for the job's record
LOG_WIDTH = 500
TICK_S = 1  # how long a quiet connector keeps the sync from reporting, and from noticing that it is cancelled
GRACE_S = 5  # between asking a connector to stop and killing it

Message = dict[str, Any]


class ConnectorFailed(TransientError):
    """An attempt failed; the next one continues from what is committed."""

    def __init__(self, message: str, *, log: list[str]) -> None:
        super().__init__(message)
        self.log = log


class ConnectorMisconfigured(PermanentError):
    """The connector reports a wrong configuration: another attempt cannot help."""

    def __init__(self, message: str, *, log: list[str], hint: str) -> None:
        super().__init__(message, hint=hint)
        self.log = log


class Connector:
    """How one connection's connector is run."""

    def __init__(self, settings: Settings, connection: Connection, config: Any) -> None:
        if connection.source.connector == "airbyte":
            raise PermanentError(
                f"connection {connection.name} is read by an Airbyte server, and here is none",
                hint="docs/airbyte.md: set AIRBYTE_URL and its credentials, or name a connector of sources/",
            )
        self.name = connection.source.program
        self._silence_limit_s = settings.silence_limit_s
        self._config = config
        self._file = f"{settings.connections}/{connection.name}.yaml"
        self._executable = settings.connectors / self.name / "bin" / self.name
        if not self._executable.exists():
            raise PermanentError(
                f"connector {connection.source.connector}: {self._executable} does not exist", hint="make setup"
            )

    def discover(self) -> dict[str, Message]:
        """The streams the source has now, by name."""
        with self._run("discover") as run:
            for messages, _ in run.batches():
                for message in messages:
                    if message["type"] == "CATALOG":
                        return {stream["name"]: stream for stream in message["catalog"]["streams"]}
            raise run.failed("printed no catalogue")

    def read(self, catalog: Message, state: list[Message]) -> AbstractContextManager["Run"]:
        """A running read; whatever happens inside, its process is gone afterwards."""
        return self._run("read", catalog=catalog, state=state)

    @contextmanager
    def _run(self, command: str, **files: Any) -> Iterator["Run"]:
        with tempfile.TemporaryDirectory(prefix="connector-") as folder:
            arguments = [str(self._executable), command]
            for name, value in {"config": self._config, **files}.items():
                path = Path(folder, f"{name}.json")
                path.touch(mode=0o600)  # the configuration may hold secrets
                path.write_bytes(orjson.dumps(value))
                arguments += [f"--{name}", str(path)]
            run = Run(f"{self.name} {command}", arguments, self._silence_limit_s, self._file)
            try:
                yield run
            finally:
                run.stop()


class Run:
    """One process and its messages."""

    def __init__(self, name: str, arguments: list[str], silence_limit_s: float, connection_file: str) -> None:
        self._name = name
        self._limit = silence_limit_s
        self._connection_file = connection_file
        self._lines: deque[str] = deque(maxlen=LOG_LINES)
        self._error: Message | None = None
        self._process = subprocess.Popen(
            arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=connector_environment(), bufsize=0
        )
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            fcntl.fcntl(_stream(self._process.stdout), fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    def batches(self) -> Iterator[tuple[list[Message], int]]:
        """Messages as they come, many at a time, and their bytes; an error at the end if the process failed.

        ``LOG``, and lines that are no messages, are kept for the record; an ``ERROR`` is raised at the end.
        """
        rest = b""
        for chunk in self._chunks():
            lines = (rest + chunk).split(b"\n")
            rest = lines.pop()
            if len(rest) > LINE_BYTES:
                raise self.failed(f"printed a line of more than {LINE_BYTES >> 20} MB: {_shown(rest)}")
            yield self._messages(lines), len(chunk)
        yield self._messages([rest]), 0
        self._judge(self._process.wait(GRACE_S))

    def failed(self, what: str) -> ConnectorFailed:
        """The error for what this process did, with its last lines."""
        return ConnectorFailed(f"{self._name} {what}", log=list(self._lines))

    def stop(self) -> None:
        """Ask the process to end, then end it."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        _stream(self._process.stdout).close()
        _stream(self._process.stderr).close()

    def _chunks(self) -> Iterator[bytes]:
        """What comes on standard output, empty at each tick of silence; standard error is taken as log lines."""
        silent_s = 0.0  # only while this loop waits: while rows are uploaded the connector has to wait itself
        with selectors.DefaultSelector() as selector:
            selector.register(_stream(self._process.stdout), selectors.EVENT_READ)
            selector.register(_stream(self._process.stderr), selectors.EVENT_READ)
            while selector.get_map():
                waiting_since = time.monotonic()
                ready = selector.select(min(TICK_S, self._limit))
                silent_s = 0.0 if ready else silent_s + time.monotonic() - waiting_since
                if silent_s >= self._limit:
                    self._process.kill()
                    raise self.failed(f"printed nothing for {self._limit:g} s and was killed")
                for key, _ in ready:
                    chunk = os.read(key.fd, PIPE_BYTES)
                    if not chunk:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is self._process.stdout:
                        yield chunk
                    else:
                        for line in chunk.decode(errors="replace").splitlines():
                            self._keep(line)
                if not ready:
                    yield b""

    def _messages(self, lines: list[bytes]) -> list[Message]:
        messages = []
        for line in lines:
            try:
                message = orjson.loads(line)
            except orjson.JSONDecodeError:
                self._not_json(line)
                continue
            kind = message.get("type") if isinstance(message, dict) else None
            if kind in ("RECORD", "STATE", "CATALOG"):
                messages.append(message)
            elif kind == "TRACE":
                messages.append(message)
                self._trace(message["trace"])
            elif kind == "LOG":
                self._keep(f"{message['log']['level']} {message['log']['message']}")
            else:
                self._keep(line.decode(errors="replace"))
        return messages

    def _not_json(self, line: bytes) -> None:
        """A connector's stray ``print`` is harmless; a torn message may have been a row, and no row is skipped."""
        if b"{" in line:
            raise self.failed(f"printed a broken message: {_shown(line)}")
        if line.strip():
            self._keep(line.decode(errors="replace"))

    def _trace(self, trace: Message) -> None:
        if trace["type"] == "ERROR":
            self._error = trace["error"]
            self._keep(f"ERROR {trace['error'].get('message')}")

    def _judge(self, code: int) -> None:
        if self._error is None and code == 0:
            return
        error = self._error or {}
        message = error.get("message") or error.get("internal_message")
        if error.get("failure_type") == "config_error":
            raise ConnectorMisconfigured(
                f"{self._name}: {message}",
                log=list(self._lines),
                hint=f"edit source.config in {self._connection_file}",
            )
        raise self.failed(f"exited {code}" + (f": {message}" if message else ""))

    def _keep(self, line: str) -> None:
        self._lines.append(line[:LOG_WIDTH])
        print(f"{self._name}: {line}", flush=True)


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise RuntimeError("the process was started without pipes")
    return stream


def _shown(line: bytes) -> str:
    text = line[:200].decode(errors="replace")
    return text if len(line) <= 200 else f"{text}... ({len(line)} bytes)"
