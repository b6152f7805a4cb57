"""SQLMesh's context and console, which keep what the job needs to know afterwards.

console = Console()
set_console(console)
context = RecordingContext(paths=["sqlmesh_project"])
...
context.outcomes    every audit run, the last outcome of each
context.offending   the first rows of those that were not empty
console.failures    (model, cause) of those that failed
"""

from typing import Any

from sqlmesh import Context
from sqlmesh.core.console import NoopConsole
from sqlmesh.core.snapshot import Snapshot
from sqlmesh.core.snapshot.evaluator import SnapshotEvaluator

from biaac.releases import AuditOutcome
from biaac.runs import OffendingRows
from transform.progress import print_line

OFFENDING_ROWS = 20  # of each audit: enough to see what is wrong


class _RecordingEvaluator(SnapshotEvaluator):
    """SQLMesh's evaluator, which keeps every audit outcome: its console is given failures only."""

    outcomes: dict[tuple[str, str], AuditOutcome]
    offending: list[OffendingRows]

    def audit(self, snapshot: Snapshot, **arguments: Any) -> list[Any]:
        results: list[Any] = super().audit(snapshot, **arguments)
        for result in results:
            if not result.skipped:
                outcome = _outcome(snapshot, result, self.adapter.dialect)
                self.outcomes[outcome.model, outcome.audit] = outcome
                if result.count:
                    self.offending.append(offending_rows(self.adapter.cursor, outcome))
        return results

    def set_correlation_id(self, correlation_id: Any) -> "_RecordingEvaluator":
        return _recording(super().set_correlation_id(correlation_id), self.outcomes, self.offending)


class RecordingContext(Context):
    """A context whose plans and runs record their audits in ``outcomes``."""

    _snapshot_evaluator: Any

    def __init__(self, **arguments: Any) -> None:
        self.outcomes: dict[tuple[str, str], AuditOutcome] = {}
        self.offending: list[OffendingRows] = []
        super().__init__(**arguments)

    @property
    def snapshot_evaluator(self) -> SnapshotEvaluator:
        """SQLMesh's own, wrapped once."""
        if not isinstance(self._snapshot_evaluator, _RecordingEvaluator):
            self._snapshot_evaluator = _recording(super().snapshot_evaluator, self.outcomes, self.offending)
        return self._snapshot_evaluator


class Console(NoopConsole):
    """SQLMesh's console: a line for each model that is done, and the causes of those that are not."""

    def __init__(self) -> None:
        self.failures: list[tuple[str, BaseException | None]] = []

    def update_snapshot_evaluation_progress(
        self,
        snapshot: Snapshot,
        interval: Any,
        batch_idx: int,
        duration_ms: int | None,
        num_audits_passed: int,
        num_audits_failed: int,
        *_: Any,
        **__: Any,
    ) -> None:
        """Print the time and the audits of a model."""
        if duration_ms is not None:
            warned = f", {num_audits_failed} warned" if num_audits_failed else ""
            audits = f"{num_audits_passed} passed{warned}"
            print_line(f"  {snapshot.model.name:<28} {duration_ms / 1000:6.2f} s  audits: {audits}")

    def log_warning(self, short_message: str, *_: Any, **__: Any) -> None:
        """Print it on one line."""
        print_line(f"  warning: {' '.join(short_message.split())}")

    def log_failed_models(self, errors: list[Any]) -> None:
        """Keep each model with the error below SQLMesh's own."""
        for error in errors:
            name = getattr(error.node, "snapshot_name", str(error.node))
            self.failures.append((short_name(name), error.__cause__))


def offending_rows(cursor: Any, outcome: AuditOutcome) -> OffendingRows:
    """The first rows of an audit. Read them at once: what a refused run has built is gone when it ends."""
    first = cursor.execute(f"SELECT * FROM ({outcome.query}) AS offending LIMIT {OFFENDING_ROWS}")
    return OffendingRows(
        model=outcome.model,
        audit=outcome.audit,
        columns=[column[0] for column in first.description],
        rows=[[None if value is None else str(value) for value in row] for row in first.fetchall()],
    )


def short_name(name: str) -> str:
    """ "lake"."gold"."orders" -> gold.orders."""
    return ".".join(name.replace('"', "").split(".")[-2:])


def _recording(
    evaluator: SnapshotEvaluator, outcomes: dict[tuple[str, str], AuditOutcome], offending: list[OffendingRows]
) -> _RecordingEvaluator:
    recording = _RecordingEvaluator(evaluator.adapters, evaluator.ddl_concurrent_tasks, evaluator.selected_gateway)
    recording.outcomes, recording.offending = outcomes, offending
    return recording


def _outcome(snapshot: Snapshot, result: Any, dialect: str) -> AuditOutcome:
    arguments = ", ".join(f"{name} := {value.sql(dialect)}" for name, value in result.audit_args.items())
    return AuditOutcome(
        model=str(snapshot.model.name),
        audit=f"{result.audit.name}({arguments})" if arguments else result.audit.name,
        blocking=result.blocking,
        rows=result.count,
        query=result.query.sql(dialect, comments=False),
    )
