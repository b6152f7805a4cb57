"""Workers as the front sees them: processes that may be killed at any moment, and are replaced.

Spawned, never forked: the front has gRPC's threads. One more than may run at once stands by, so that the next caller
does not wait for the process that replaces a killed one. The thread that starts them lives as long as the front,
because a worker dies with the thread that started it (PR_SET_PDEATHSIG).
"""

import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import structlog

from biaac.errors import BiaacError
from cache_service import errors, wire
from cache_service.errors import Abandoned, QueryError, Unavailable
from cache_service.settings import ServiceSettings
from cache_service.wire import Limits

GONE_S = 0.2  # how often a running statement's client is looked for
BEGIN_S = 10.0  # a worker that takes nothing for so long has stopped
START_S = 60.0  # imports on a cold disk; 0.3 s on a warm one
START_TRIES_PAUSE_S = 1.0  # a start that fails at once would fail again at once
# Allocators keep what a large query needed (450 MiB were seen); a worker that holds more than this part of its limit
# gives way to a fresh one after its answer, at the price of 0.3 s of one core.
KEEP_BELOW = 0.25

# Allocators that start threads or reserve address space would be killed by the worker's own memory limit.
QUIET_ALLOCATORS = {
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MIMALLOC_ARENA_RESERVE": "65536",
    "RUST_BACKTRACE": "0",
}

log = structlog.get_logger()

# Rows of a table as an Arrow IPC stream and the files that hold more of them.
Supply = Callable[[str], tuple[pa.Buffer, list[Path]]]


@dataclass(frozen=True)
class Answer:
    """What a worker answered: facts about the statement, and the rows as an Arrow IPC stream."""

    touched: tuple[str, ...]  # tables the planner needed
    volatile: bool  # the same question may have another answer
    cpu_seconds: float
    stream: pa.Buffer


@dataclass
class Worker:
    """One process and the socket to it."""

    process: subprocess.Popen[bytes]
    channel: socket.socket
    spill: Path
    ready: bool = False
    statement: str | None = None

    @property
    def pid(self) -> int:
        """Process id."""
        return self.process.pid


class Pool:
    """Runs one statement on one worker; kills the worker when the statement goes too far."""

    def __init__(self, settings: ServiceSettings, limits: Limits) -> None:
        self.size, self.limits = settings.workers, limits
        self.wall_seconds, self.queue_seconds = settings.query_seconds, settings.queue_seconds
        self.environment = {**settings.worker_environment(), **QUIET_ALLOCATORS}
        self.spill = settings.directory / "spill"
        shutil.rmtree(self.spill, ignore_errors=True)  # of workers that were killed with an earlier front
        self.workers: dict[int, Worker] = {}
        self.lost = 0
        self._slots = threading.BoundedSemaphore(self.size)
        self._idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        self._to_start: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._closing = False
        for _ in range(self.size + 1):
            self._to_start.put(True)
        threading.Thread(target=self._start_workers, name="worker starter", daemon=True).start()

    def run(self, header: dict[str, Any], parameters: bytes, supply: Supply, gone: Callable[[], bool]) -> Answer:
        """Have one worker answer ``header`` (see ``wire``); ``supply`` gives the tables its planner asks for.

        Ends the worker when ``gone`` says that nobody waits.
        Raises whatever ``supply`` raised, or ``QueryError`` with the worker's reason, or with ours when it had to be
        killed or died; never asks twice, because what killed one worker would kill the next.
        """
        worker = self._begin(header, parameters)
        answered = False
        try:
            reply, stream, failure = self._exchange(worker, supply, gone)
            answered = True
        except TimeoutError:
            raise QueryError(
                errors.CANCELED, f"stopped after {self.wall_seconds:g} s", hint="ask for less, or for an aggregate"
            ) from None
        except (EOFError, OSError):
            raise self._why_it_ended(worker) from None
        finally:
            self._return(worker, alive=answered)
        if failure:
            raise failure
        if error := reply.get("error"):
            raise QueryError(error["state"], error["message"])
        return Answer(tuple(reply["touched"]), reply["volatile"], reply["cpu_seconds"], pa.py_buffer(stream))

    def status(self) -> list[dict[str, Any]]:
        """Each worker: what it runs, and its memory (all of it, and what it does not share; None where unknown)."""
        return [
            {"pid": worker.pid, "ready": worker.ready, "statement": worker.statement, **resident(worker.pid)}
            for worker in list(self.workers.values())
        ]

    def close(self) -> None:
        """Kill every worker."""
        self._closing = True
        for worker in list(self.workers.values()):
            worker.process.kill()
            worker.process.wait()
        shutil.rmtree(self.spill, ignore_errors=True)

    def _exchange(
        self, worker: Worker, supply: Supply, gone: Callable[[], bool]
    ) -> tuple[dict[str, Any], bytearray, BiaacError | None]:
        end = time.monotonic() + self.wall_seconds
        failure: BiaacError | None = None
        while True:
            while not wire.readable(worker.channel, GONE_S) and time.monotonic() < end:
                if gone():
                    raise Abandoned(errors.CANCELED, "the client has cancelled this statement, or gone")
            reply, payload = wire.receive(worker.channel, until=end)
            if "need" not in reply:
                return reply, payload, failure
            paused = time.monotonic()
            try:
                rows, files = supply(reply["need"])
            except BiaacError as error:  # the worker ends this statement; the caller gets the reason itself
                failure = error
                wire.send(worker.channel, {"failed": error.message})
            else:
                wire.send(worker.channel, {"files": [str(file) for file in files]}, rows)
            end += time.monotonic() - paused  # the time to fetch a table is not the statement's

    def _begin(self, header: dict[str, Any], parameters: bytes) -> Worker:
        """A worker that has begun the statement. One that died while idle is no fault of the statement."""
        if not self._slots.acquire(timeout=self.queue_seconds):
            raise self._busy()
        while True:
            try:
                worker = self._idle.get(timeout=self.queue_seconds)
            except queue.Empty:
                self._slots.release()
                raise self._busy() from None
            worker.statement = header["sql"]
            try:
                wire.send(worker.channel, header, parameters)
                wire.receive(worker.channel, until=time.monotonic() + BEGIN_S)
            except (EOFError, OSError):  # TimeoutError is an OSError
                self._replace_lost(worker)
            else:
                return worker

    def _return(self, worker: Worker, *, alive: bool) -> None:
        worker.statement = None
        if not alive:
            self._replace_lost(worker)
        elif (resident(worker.pid)["private_bytes"] or 0) > self.limits.memory * KEEP_BELOW:
            self._replace(worker)
        else:
            self._idle.put(worker)
        self._slots.release()

    def _replace_lost(self, worker: Worker) -> None:
        self._replace(worker)
        self.lost += 1
        log.warning("worker lost", pid=worker.pid, status=worker.process.returncode)

    def _replace(self, worker: Worker) -> None:
        worker.process.kill()
        worker.channel.close()
        self.workers.pop(worker.pid, None)
        self._to_start.put(True)
        worker.process.wait()
        shutil.rmtree(worker.spill, ignore_errors=True)

    def _busy(self) -> Unavailable:
        if not any(worker.ready for worker in list(self.workers.values())):
            return Unavailable(errors.CANNOT_CONNECT_NOW, "no worker has started yet", hint="see the service's log")
        message = f"all {self.size} workers were busy for {self.queue_seconds:g} s"
        return Unavailable(errors.TOO_MANY, message, hint="ask again")

    def _why_it_ended(self, worker: Worker) -> QueryError:
        """Why a worker closed its socket, by its exit status."""
        status = worker.process.wait(timeout=BEGIN_S)
        if status == -signal.SIGXCPU:
            used = f"stopped after {self.limits.cpu_seconds} s of processor time"
            return QueryError(errors.CANCELED, used, hint="ask for less, or for an aggregate")
        name = signal.Signals(-status).name if status < 0 else f"exit code {status}"
        if status == -signal.SIGABRT:  # how an allocation that fails ends
            limit = f"needed more than the {self.limits.memory >> 20} MiB a query may have ({name})"
            return QueryError(errors.OUT_OF_MEMORY, limit, hint="ask for less, or for an aggregate")
        return QueryError(errors.WORKER_DIED, f"this statement ended its worker ({name}); it was not tried again")

    def _start_workers(self) -> None:
        """One after another: the first question of a new service needs one worker soon, not four at the same time."""
        while not self._closing:
            self._to_start.get()
            self._admit(self._spawn())

    def _spawn(self) -> Worker:
        ours, theirs = socket.socketpair()
        ours.settimeout(BEGIN_S)
        spill = self.spill / f"{time.monotonic_ns()}"
        spill.mkdir(parents=True)
        limits = json.dumps({**asdict(self.limits), "spill": str(spill)})
        command = [sys.executable, "-m", "cache_service.worker", str(theirs.fileno()), limits, str(os.getpid())]
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=self.environment, stdin=subprocess.DEVNULL)
        theirs.close()
        worker = Worker(process, ours, spill)
        self.workers[worker.pid] = worker
        return worker

    def _admit(self, worker: Worker) -> None:
        """Hand out a worker once it says that it is ready."""
        try:
            wire.receive(worker.channel, until=time.monotonic() + START_S)
        except (EOFError, OSError):  # TimeoutError is an OSError
            if not self._closing:
                self._replace_lost(worker)
                time.sleep(START_TRIES_PAUSE_S)
            return
        worker.ready = True
        self._idle.put(worker)


def resident(pid: int) -> dict[str, int | None]:
    """Bytes a process holds in memory, in all and private; None where there is no /proc."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {"resident_bytes": None, "private_bytes": None}
    kib = {line.partition(":")[0]: int(line.split()[1]) for line in lines if line.startswith(("VmRSS", "RssAnon"))}
    return {"resident_bytes": kib.get("VmRSS", 0) << 10, "private_bytes": kib.get("RssAnon", 0) << 10}
