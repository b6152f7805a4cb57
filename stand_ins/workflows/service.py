"""Keeps executions: one JSON file each, written when it starts, before every wait, and when it ends.

An execution does not survive its server: one that is ACTIVE when the server starts becomes FAILED, where the real
service would go on. Its step entries stay with it.
"""

import json
import threading
import traceback
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from google.api_core import exceptions

from stand_ins.workflows import interpreter
from stand_ins.workflows.definition import Program
from stand_ins.workflows.execution import Execution
from stand_ins.workflows.failures import Cancelled, WorkflowError
from stand_ins.workflows.values import from_json, to_json

MAX_ARGUMENT = 32 * 1024  # bytes: https://cloud.google.com/workflows/quotas
MAX_STEP_ENTRIES = 200  # kept with each execution, the newest
REVISION = "000001-000"
STOPPED = {
    "payload": json.dumps({"message": "SystemError: the server was stopped meanwhile", "tags": ["SystemError"]}),
    "context": "SystemError: the server was stopped meanwhile",
}
log = structlog.get_logger()


@dataclass
class Record:
    """One execution as the API shows it."""

    id: str
    workflow: str
    argument: str
    state: str = "ACTIVE"  # ACTIVE, SUCCEEDED, FAILED, CANCELLED
    result: str | None = None
    error: dict[str, str] | None = None
    started: str = ""
    ended: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    current_steps: list[dict[str, str]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)


class Service:
    """The executions of some workflows, on disk and in threads."""

    def __init__(self, state: Path, programs: Mapping[str, Program], environment: Mapping[str, str]) -> None:
        self.state = state
        self.programs = programs
        self.environment = environment
        self.running: dict[str, Execution] = {}
        self.records: dict[str, Record] = {}
        self._lock = threading.Lock()
        state.mkdir(parents=True, exist_ok=True)
        for path in sorted(state.glob("*.json")):
            record = Record(**json.loads(path.read_text()))
            if record.state == "ACTIVE":
                self._end(record, "FAILED", None, error=STOPPED)
            self.records[record.id] = record

    def create(self, workflow: str, argument: str, labels: dict[str, str]) -> Record:
        """Start an execution; ``NotFound`` or ``InvalidArgument`` says why it cannot."""
        program = self.programs.get(workflow)
        if program is None:
            raise exceptions.NotFound(f"workflow {workflow} does not exist; there are: {', '.join(self.programs)}")
        if len(argument.encode()) > MAX_ARGUMENT:
            raise exceptions.InvalidArgument(f"argument: more than {MAX_ARGUMENT} bytes")
        try:
            value = from_json(argument, "argument") if argument else None
        except WorkflowError as error:
            raise exceptions.InvalidArgument(error.message) from None
        record = Record(str(uuid.uuid4()), workflow, argument, started=_now(), labels=labels)
        execution = Execution(
            {**self.environment, **_builtin(self.environment, workflow, record.id)},
            before_blocking=lambda execution: self._save(record, execution),
            log=lambda severity, entry: log.info("sys.log", execution=record.id, severity=severity, entry=entry),
        )
        with self._lock:
            self.records[record.id] = record
            self.running[record.id] = execution
        self._save(record, execution)
        threading.Thread(target=self._run, args=(record, program, execution, value), daemon=True).start()
        return record

    def get(self, workflow: str, execution_id: str) -> Record:
        """One execution, as it is now; ``NotFound`` if there is none."""
        record = self.records.get(execution_id)
        if record is None or record.workflow != workflow:
            raise exceptions.NotFound(f"execution {execution_id} of workflow {workflow} does not exist")
        if execution := self.running.get(execution_id):
            self._show(record, execution)
        return record

    def list(self, workflow: str) -> list[Record]:
        """Executions of a workflow, newest first."""
        records = [record for record in list(self.records.values()) if record.workflow == workflow]
        return sorted(records, key=lambda record: record.started, reverse=True)

    def cancel(self, workflow: str, execution_id: str) -> Record:
        """End an execution now. A call that it waits for is not interrupted; its answer is ignored."""
        record = self.get(workflow, execution_id)
        execution = self.running.get(execution_id)
        if execution is not None:
            execution.cancelled.set()
            self._end(record, "CANCELLED", execution)
        return record

    def _run(self, record: Record, program: Program, execution: Execution, argument: Any) -> None:
        log.info("execution started", execution=record.id, workflow=record.workflow)
        try:
            result = to_json(interpreter.run(program, execution, argument))
        except WorkflowError as error:
            payload = json.dumps(error.payload, default=repr)
            self._end(record, "FAILED", execution, error={"payload": payload, "context": error.context})
        except Cancelled:
            self._end(record, "CANCELLED", execution)
        except Exception as error:  # a bug of the interpreter must end its execution, visibly, and not the server
            traceback.print_exc()
            bug = {"payload": json.dumps(repr(error)), "context": "bug of the interpreter"}
            self._end(record, "FAILED", execution, error=bug)
        else:
            self._end(record, "SUCCEEDED", execution, result=result)
        with self._lock:
            del self.running[record.id]

    def _end(
        self, record: Record, state: str, execution: Execution | None, result: str | None = None, error: Any = None
    ) -> None:
        with self._lock:
            if record.state != "ACTIVE":  # cancelled meanwhile
                return
            record.result, record.error, record.ended = result, error, _now()
            record.state = state
        log.info("execution ended", execution=record.id, state=state, error=error["context"] if error else "")
        self._save(record, execution)

    def _save(self, record: Record, execution: Execution | None) -> None:
        if execution is not None:
            self._show(record, execution)
        path = self.state / f"{record.id}.json"
        partial = path.with_suffix(f".{threading.get_ident()}.partial")
        partial.write_text(json.dumps(asdict(record)))
        partial.replace(path)

    def _show(self, record: Record, execution: Execution) -> None:
        entries = list(execution.entries[-MAX_STEP_ENTRIES:])
        open_steps = [entry for entry in entries if entry.ended is None]
        record.current_steps = [{"routine": entry.routine, "step": entry.step} for entry in open_steps]
        record.entries = [asdict(entry) for entry in entries]


def _builtin(environment: Mapping[str, str], workflow: str, execution_id: str) -> dict[str, str]:
    """https://cloud.google.com/workflows/docs/reference/environment-variables."""
    return {
        "GOOGLE_CLOUD_PROJECT_NUMBER": "0",  # this server knows no number
        "GOOGLE_CLOUD_SERVICE_ACCOUNT_NAME": f"workflows@{environment['GOOGLE_CLOUD_PROJECT_ID']}.local",
        "GOOGLE_CLOUD_WORKFLOW_ID": workflow,
        "GOOGLE_CLOUD_WORKFLOW_REVISION_ID": REVISION,
        "GOOGLE_CLOUD_WORKFLOW_EXECUTION_ID": execution_id,
    }


def _now() -> str:
    return datetime.now(UTC).isoformat()
