"""A connector's process: started from its own environment, its messages read, stopped when it is silent."""

import fcntl
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any

import msgspec

from biaac.connections import Connection
from biaac.errors import PermanentError, TransientError
from ingestion import messages
from ingestion.configuration import Configuration
from ingestion.messages import Message
from ingestion.settings import Settings, connector_environment

PIPE_BYTES = 1 << 20  # Linux's largest for anyone; at 64 KiB both sides wait for each other
LINE_BYTES = 64 << 20  # one message; a longer one would fill memory before it is read
LOG_LINES = 20  # kept for the job's record
LOG_WIDTH = 500
TICK_S = 1  # how long a quiet connector keeps the sync from reporting, and from noticing that it is cancelled
GRACE_S = 5  # between asking a connector to stop and killing it

# Of the protocol; what they say is taken in by others, or said elsewhere (SPEC, CONNECTION_STATUS).
TAKEN_IN = ("RECORD", "STATE", "CATALOG")


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

    def __init__(self, settings: Settings, connection: Connection, configuration: Configuration) -> None:
        if connection.source.connector == "airbyte":
            raise PermanentError(
                f"connection {connection.name} is read by an Airbyte server, and here is none",
                hint="docs/airbyte.md: set AIRBYTE_URL and its credentials, or name a connector of sources/",
            )
        self.name = connection.source.program
        self._silence_limit_s = settings.silence_limit_s
        self._configuration = configuration
        self._file = f"{settings.connections}/{connection.name}.yaml"
        self._executable = settings.connectors / self.name / "bin" / self.name
        if not self._executable.exists():
            raise PermanentError(
                f"connector {connection.source.connector}: {self._executable} does not exist", hint="make setup"
            )

    def discover(self) -> list[Message]:
        """The streams the source has now."""
        with self._run("discover") as run:
            for batch, _ in run.batches():
                for message, _ in batch:
                    if message["type"] == "CATALOG" and isinstance(message.get("catalog"), dict):
                        streams = message["catalog"].get("streams")
                        return [one for one in streams or [] if isinstance(one, dict) and "name" in one]
            raise run.failed("printed no catalogue")

    def read(self, catalog: Message, state: Any) -> AbstractContextManager["Run"]:
        """A running read; whatever happens inside, its process is gone afterwards."""
        return self._run("read", catalog=catalog, state=state)

    @contextmanager
    def _run(self, command: str, **files: Any) -> Iterator["Run"]:
        with tempfile.TemporaryDirectory(prefix="connector-") as folder:
            arguments = [str(self._executable), command]
            for name, value in {"config": self._configuration.value, **files}.items():
                path = Path(folder, f"{name}.json")
                path.touch(mode=0o600)  # the configuration may hold secrets
                path.write_bytes(msgspec.json.encode(value))
                arguments += [f"--{name}", str(path)]
            run = Run(f"{self.name} {command}", arguments, self._silence_limit_s, self._file)
            run.renew = self._configuration.renew
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
        self.renew: Callable[[Message], None] = lambda _: None
        self.mended = 0  # lines in which a value was no JSON
        self._process = subprocess.Popen(
            arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=connector_environment(), bufsize=0
        )
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            fcntl.fcntl(_stream(self._process.stdout), fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    def batches(self) -> Iterator[tuple[list[tuple[Message, bytes]], int]]:
        """Messages with their bytes as they come, many at a time; an error at the end if the process failed.

        ``LOG``, and lines that are no messages, are kept for the record; an ``ERROR`` is raised at the end. What may
        have been a message and cannot be read is one of type ``UNREAD``.
        """
        rest = b""
        for chunk in self._chunks():
            lines = (rest + chunk).split(b"\n")
            rest = lines.pop()
            if len(rest) > LINE_BYTES:
                raise self.failed(f"printed a line of more than {LINE_BYTES >> 20} MB")
            yield self._read(lines), len(chunk)
        code = self._process.wait(GRACE_S)
        if code == 0:  # else it may have died in the midst of a line, which the next attempt brings whole
            yield self._read([rest]), 0
        self._judge(code)

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

    def _read(self, lines: list[bytes]) -> list[tuple[Message, bytes]]:
        """The messages of these lines, each with its bytes, but for those that are dealt with here."""
        taken_in = []
        for line in lines:
            parsed, unread, mended = messages.read(line)
            if mended:
                self.mended += 1
            if unread:
                taken_in.append(({"type": "UNREAD"}, unread))
            elif not parsed and line.strip():
                self._keep(line.decode(errors="replace") if not messages.KEY.search(line) else "a line of JSON")
            for message, exact in parsed:
                if message.get("type") in TAKEN_IN:
                    taken_in.append((message, exact))
                else:
                    taken_in += self._other(message, exact)
        return taken_in

    def _other(self, message: Message, line: bytes) -> list[tuple[Message, bytes]]:
        kind = message.get("type")
        content = message.get(str(kind).lower())
        if not isinstance(content, dict):
            self._keep(f"a message of type {kind!r} is not understood")  # its text may hold anything
        elif kind == "LOG":
            self._keep(f"{content.get('level', 'INFO')} {content.get('message')}")
        elif kind == "TRACE" and content.get("type") == "ERROR" and isinstance(content.get("error"), dict):
            self._error = content["error"]
            self._keep(f"ERROR {content['error'].get('message')}")
        elif kind == "TRACE" and content.get("type") == "STREAM_STATUS":
            return [(message, line)]
        elif kind == "CONTROL":
            renewed = content.get("connectorConfig")
            config = renewed.get("config") if isinstance(renewed, dict) else None
            if isinstance(config, dict):
                self.renew(config)
                self._keep("INFO the connector has renewed its configuration")
        return []

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
