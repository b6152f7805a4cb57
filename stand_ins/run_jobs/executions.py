"""Executions: started, followed to their end, cancelled, timed out, kept across restarts."""

import os
import random
import shutil
import signal
import string
import threading
import uuid
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import structlog
from pydantic import AwareDatetime, BaseModel, ConfigDict

from stand_ins.run_jobs.job_file import Job
from stand_ins.run_jobs.task import Task, exit_code

GRACE = timedelta(seconds=10)  # from SIGTERM to SIGKILL, as Cloud Run gives
KEPT = 1000  # finished executions remembered per job
log = structlog.get_logger()


class Ending(StrEnum):
    """Why an execution ends."""

    EXIT = "exit"
    TIMEOUT = "timeout"
    CANCEL = "cancel"
    STOP = "stop"  # the stand-in was stopped


class Execution(BaseModel):
    """One run of a job, kept in a file under the state directory."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str  # projects/P/locations/L/jobs/J/executions/E
    operation: str  # projects/P/locations/L/operations/O
    command: list[str]
    env: dict[str, str]  # declared and overridden; not the stand-in's own
    timeout_s: float
    created: AwareDatetime
    log: Path
    ending: Ending | None = None  # set as soon as it is decided, so that a restart goes on with it
    completed: AwareDatetime | None = None
    exit_code: int | None = None

    @property
    def job(self) -> str:
        """``projects/P/locations/L/jobs/J``."""
        return self.name.rpartition("/executions/")[0]

    @property
    def id(self) -> str:
        """The last part of the name: what CLOUD_RUN_EXECUTION holds."""
        return self.name.rpartition("/")[2]

    @property
    def succeeded(self) -> bool:
        """Ended by itself with exit code 0."""
        return self.ending is Ending.EXIT and self.exit_code == 0


class Executions:
    """Every execution of every job. Each running one has a thread that follows its task."""

    def __init__(self, state: Path, logs: Path) -> None:
        self._state, self._logs = state.absolute(), logs.absolute()
        self._state.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._known: dict[str, Execution] = {}
        self._followers: list[threading.Thread] = []
        self._reconcile()

    def start(self, job_name: str, job: Job, *, args: list[str], env: dict[str, str], timeout_s: float) -> Execution:
        """Start one execution of ``job``."""
        short = job_name.rpartition("/")[2]
        suffix = "".join(random.choices(string.ascii_lowercase + string.digits, k=5))  # noqa: S311  a name, no secret
        execution = Execution(
            name=f"{job_name}/executions/{short}-{suffix}",
            operation=f"{job_name.rpartition('/jobs/')[0]}/operations/{uuid.uuid4()}",
            command=[*job.command, *args],
            env={**job.env, **env},
            timeout_s=timeout_s,
            created=datetime.now(UTC),
            log=self._logs / short / f"{short}-{suffix}.log",
        )
        execution.log.parent.mkdir(parents=True, exist_ok=True)
        with self._lock:
            self._write(execution)  # before the process starts: a task without a record could run beside its retry
        own = {
            "CLOUD_RUN_JOB": short,
            "CLOUD_RUN_EXECUTION": execution.id,
            "CLOUD_RUN_TASK_INDEX": "0",
            "CLOUD_RUN_TASK_ATTEMPT": "0",
            "CLOUD_RUN_TASK_COUNT": "1",
        }
        environment = {**os.environ, **execution.env, **own}
        try:
            task = Task.start(execution.command, environment, log=execution.log, exit_file=self._exit_file(execution))
        except OSError:  # no process could be made (arguments too long, no memory): it must not be shown as running
            self._complete(execution)
            raise
        log.info("execution started", execution=execution.id, pid=task.pid, command=execution.command)
        self._follow_in_thread(execution, task)
        return execution

    def get(self, name: str) -> Execution | None:
        """The execution of that full name."""
        return self._known.get(name)

    def of_operation(self, operation: str) -> Execution | None:
        """The execution of that operation."""
        return next((known for known in list(self._known.values()) if known.operation == operation), None)

    def of_job(self, job_name: str) -> list[Execution]:
        """Executions of one job, newest first."""
        executions = [known for known in list(self._known.values()) if known.job == job_name]
        return sorted(executions, key=lambda execution: execution.created, reverse=True)

    def cancel(self, name: str) -> Execution:
        """Decide that a running execution ends; its follower carries it out."""
        return self._decide(name, Ending.CANCEL)

    def stop(self) -> None:
        """End every running execution and wait until each has ended: the grace period at most."""
        for execution in list(self._known.values()):
            self._decide(execution.name, Ending.STOP)
        for follower in self._followers:
            follower.join()

    def _reconcile(self) -> None:
        """Read the records of an earlier stand-in; follow what still runs, complete the rest."""
        for file in self._state.glob("*.json"):
            execution = Execution.model_validate_json(file.read_bytes())
            self._known[execution.name] = execution
        for execution in list(self._known.values()):
            if execution.completed:
                continue
            if task := Task.find(self._exit_file(execution)):
                log.info("execution adopted", execution=execution.id, pid=task.pid)
                self._follow_in_thread(execution, task)
            else:
                self._complete(execution)
        for job in {execution.job for execution in self._known.values()}:
            for execution in [old for old in self.of_job(job) if old.completed][KEPT:]:
                self._forget(execution)

    def _follow_in_thread(self, execution: Execution, task: Task) -> None:
        follower = threading.Thread(target=self._follow, args=(execution, task), name=execution.id, daemon=True)
        follower.start()
        with self._lock:
            self._followers = [thread for thread in self._followers if thread.is_alive()] + [follower]

    def _follow(self, execution: Execution, task: Task) -> None:
        """Until the task ends: copy its output to the log of its job, and end it when that is due."""
        timeout_at = execution.created + timedelta(seconds=execution.timeout_s)
        kill_at: datetime | None = None
        with execution.log.open("rb") as source, (self._logs / f"{execution.log.parent.name}.log").open("ab") as target:
            target.write(f"=== {execution.id} {execution.created:%FT%TZ} {execution.command}\n".encode())
            while not task.has_ended(within_s=0.05):
                shutil.copyfileobj(source, target)
                target.flush()
                now = datetime.now(UTC)
                if now >= timeout_at:
                    self._decide(execution.name, Ending.TIMEOUT)
                if kill_at is None and self._known[execution.name].ending:
                    task.signal(signal.SIGTERM)
                    kill_at = now + GRACE
                elif kill_at and now >= kill_at:
                    task.signal(signal.SIGKILL)
            shutil.copyfileobj(source, target)
            ended = self._complete(execution)
            target.write(f"=== {execution.id} ended: {ended.ending}, exit code {ended.exit_code}\n".encode())

    def _decide(self, name: str, ending: Ending) -> Execution:
        """Set how a running execution ends; the first decision stands."""
        with self._lock:
            execution = self._known[name]
            if execution.completed or execution.ending:
                return execution
            log.info("execution is to end", execution=execution.id, ending=ending)
            return self._write(execution.model_copy(update={"ending": ending}))

    def _complete(self, execution: Execution) -> Execution:
        with self._lock:
            execution = self._known[execution.name]
            result = {"completed": datetime.now(UTC), "exit_code": exit_code(self._exit_file(execution))}
            completed = execution.model_copy(update={"ending": execution.ending or Ending.EXIT, **result})
            log.info("execution ended", execution=completed.id, ending=completed.ending, exit_code=completed.exit_code)
            return self._write(completed)

    def _write(self, execution: Execution) -> Execution:
        """Replace the record, on disk first, whole or not at all. The caller holds the lock."""
        file = self._state / f"{execution.id}.json"
        new = file.with_suffix(".new")
        new.write_text(execution.model_dump_json(indent=1))
        new.replace(file)
        self._known[execution.name] = execution
        return execution

    def _forget(self, execution: Execution) -> None:
        del self._known[execution.name]
        for file in (self._state / f"{execution.id}.json", self._exit_file(execution), execution.log):
            file.unlink(missing_ok=True)

    def _exit_file(self, execution: Execution) -> Path:
        return self._state / f"{execution.id}.exit"
