"""Bring every model up to the newest load: SQLMesh's Python API, driven by loads instead of by the wall clock.

SQLMesh decides by time which rows a model lacks, and ``sqlmesh run`` has no option for the time. So the job calls
``Context.plan`` (first build, changed models) and ``Context.run`` on the ledger's clock. SQLMesh's own state says what
a model lacks: a plan typed by hand or a killed run has changed it as well.
"""

import inspect
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from sqlmesh import Context
from sqlmesh.core.console import set_console
from sqlmesh.core.model import Model
from sqlmesh.core.snapshot import Snapshot
from sqlmesh.utils.errors import NodeAuditsErrors, SQLMeshError

from biaac.errors import PermanentError
from biaac.releases import AuditOutcome, Metric
from biaac.runs import OffendingRows
from transform import column_comments, ledger, lineage, metrics, model_errors
from transform.engine import Engine
from transform.progress import print_line
from transform.recording import Console, RecordingContext, short_name

# Without their wrapper, which imports the notebook magics (0.4 s) to count a call for analytics that are off.
_PLAN, _RUN = inspect.unwrap(Context.plan), inspect.unwrap(Context.run)

ENVIRONMENT = "prod"  # SQLMesh's: each environment of ours has a state of its own


class ModelsRefused(PermanentError):
    """A model could not be loaded or built, or a blocking audit found rows: final until data or models change."""


@dataclass(frozen=True)
class GoldTable:
    """A Gold model as a release needs it. ``relation`` is what its rows are selected from in the lake."""

    name: str
    relation: str
    description: str
    owner: str
    grain: list[str]
    column_descriptions: dict[str, str]
    partitioned_by: str | None
    streams: frozenset[str] = frozenset()  # of Bronze that its rows come from: connection/stream


class Lake:
    """The SQLMesh project opened on the lake; use as a context manager, so that the database is closed cleanly."""

    def __init__(self, project: Path, engine: Engine) -> None:
        self._project = project
        self._engine = engine
        self._console = Console()
        set_console(self._console)
        try:
            self._context = RecordingContext(paths=[str(project)])
        except SQLMeshError as error:
            raise ModelsRefused(
                model_errors.locate(error, project), hint="cd sqlmesh_project && sqlmesh lint"
            ) from error

    def __enter__(self) -> "Lake":
        with self._errors_translated():
            self._engine.opened(self.connection)
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._engine.closing()
        with self._errors_translated():
            self._context.close()
        if error is not None and (translated := self._engine.error(error)) is not None:
            raise translated from None

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The engine's own connection: no second process may open the DuckDB file, not even to read."""
        return self._context.engine_adapter.cursor

    @property
    def audits(self) -> list[AuditOutcome]:
        """Every audit run so far in this process, the last outcome of each."""
        return list(self._context.outcomes.values())

    @property
    def offending(self) -> list[OffendingRows]:
        """The first rows of every audit that was not empty."""
        return self._context.offending

    def passed(self) -> datetime | None:
        """How far SQLMesh has built any model. It would never read rows that are admitted before this moment."""
        ends = [end for snapshot in self._built() for _, end in snapshot.intervals]
        return datetime.fromtimestamp(max(ends) / 1000, UTC) if ends else None

    def forget(self, streams: list[str]) -> None:
        """Have every model that reads one of ``streams`` built from nothing: rows of them are gone from Bronze."""
        read = lineage.streams(self._context)
        forgotten = [
            (snapshot, (snapshot.intervals[0][0], snapshot.intervals[-1][1]))
            for snapshot in self._built()
            if snapshot.intervals and read.get(snapshot.name, set()).intersection(streams)
        ]
        if forgotten:
            print_line(f"rows are gone from {', '.join(streams)}: {len(forgotten)} models are built from nothing")
            self._context.state_sync.remove_intervals(forgotten)

    def build(self, load_ids: list[int]) -> None:
        """Build every model up to the newest of ``load_ids``; ``ModelsRefused`` names what failed.

        May be killed before any statement and called again.
        """
        at = ledger.slot(load_ids[-1]) + ledger.SLOT
        if self._differs():
            self._plan(at)
        if lacking := self._lacking(load_ids):
            self._run(ledger.slot(min(lacking.values())), at)
        if lacking := self._lacking(load_ids):
            raise RuntimeError(f"SQLMesh reports success, yet these models lack a load: {lacking}")
        self._audit_the_rest(at)

    def gold(self) -> list[GoldTable]:
        """The tables of a release: every model of schema gold, in the order of names."""
        models = self._context.models
        gold = [model for model in models.values() if model.schema_name == "gold"]
        known: dict[str, dict[str, str]] = {}
        read = lineage.streams(self._context)
        return [
            _gold_table(model, column_comments.of(model, models, known), frozenset(read[model.fqn]))
            for model in sorted(gold, key=lambda model: str(model.name))
        ]

    def metrics(self) -> list[Metric]:
        """Every metric, checked against the columns of its Gold table."""
        models = [model for model in self._context.models.values() if model.schema_name == "gold"]
        columns = {str(model.name): set(model.columns_to_types or {}) for model in models}
        try:
            return metrics.load(self._project / "metrics", columns)
        except PermanentError as error:
            raise ModelsRefused(error.message, hint=error.hint) from None

    def changes(self) -> list[str]:
        """What the next build would do to models because this checkout differs from the lake, a line for each."""
        diff = self._context.plan_builder(ENVIRONMENT, skip_tests=True, skip_linter=True).build().context_diff
        lines = [f"+ {short_name(snapshot.name)}  added" for snapshot in diff.added]
        for name in diff.modified_snapshots:
            if diff.indirectly_modified(name) and not diff.directly_modified(name):
                lines.append(f"~ {short_name(name)}  built again, as what it reads has changed")
            else:
                lines.append(f"~ {short_name(name)}  changed\n{diff.text_diff(name)}")
        lines += [f"- {short_name(snapshot.name)}  removed" for snapshot in diff.removed_snapshots]
        return sorted(lines, key=lambda line: line[2:])

    def compact(self) -> None:
        """Keep the state from growing: forget versions of the tables and merge what was built bit by bit."""
        self._engine.compact(self.connection)
        self._context.state_sync.compact_intervals()

    @contextmanager
    def _errors_translated(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # of any library below SQLMesh: the engine knows which are its own
            if (translated := self._engine.error(error)) is not None:
                raise translated from None
            raise

    def _differs(self) -> bool:
        """Whether SQLMesh's environment does not hold the models of this checkout, or only some of them."""
        environment = self._context.state_reader.get_environment(ENVIRONMENT)
        if environment is None or not environment.finalized_ts:
            return True  # never planned, or killed in the middle of a plan
        planned = {info.snapshot_id for info in environment.snapshots}
        return planned != {snapshot.snapshot_id for snapshot in self._context.snapshots.values()}

    def _plan(self, at: datetime) -> None:
        print_line("models are new or have changed: sqlmesh plan")
        try:
            # Lint and unit tests are CI's: they must not keep data from models that are deployed.
            _PLAN(
                self._context,
                ENVIRONMENT,
                execution_time=at,
                auto_apply=True,
                no_prompts=True,
                no_diff=True,
                skip_tests=True,
                skip_linter=True,
            )
            self._context.run_janitor(ignore_ttl=False)
        except SQLMeshError as error:
            self._refuse()
            raise ModelsRefused(f"sqlmesh plan: {error}", hint="cd sqlmesh_project && sqlmesh plan") from error

    def _run(self, start: datetime, end: datetime) -> None:
        """``ignore_cron``: SQLMesh's own clock would round down to five minutes ago."""
        status = _RUN(
            self._context, ENVIRONMENT, start=start, end=end, execution_time=end, ignore_cron=True, skip_janitor=True
        )
        if status.is_failure:  # returned, not raised; the bad rows are in the tables, and stay out of every release
            self._refuse()
            raise ModelsRefused("sqlmesh run failed without naming a model", hint="cd sqlmesh_project && sqlmesh run")

    def _refuse(self) -> None:
        """Raise what is wrong with the models, or with the engine's storage or database if the models are valid."""
        reasons = []
        for model, cause in self._console.failures:
            if cause is not None and (translated := self._engine.error(cause)) is not None:
                raise type(translated)(f"{model}: {translated.message}", hint=translated.hint) from None
            if isinstance(cause, NodeAuditsErrors):
                failed = [a for a in self.audits if a.model == model and a.outcome == "failed"]
                reasons += [f"audit {a.audit} of {model}: {a.rows} rows" for a in failed]
            else:
                reasons.append(f"{model}: {cause}")
        if reasons:
            raise ModelsRefused("; ".join(reasons))

    def _lacking(self, load_ids: list[int]) -> dict[str, int]:
        """Model -> the first load it has not been built with."""
        lacking = {}
        for snapshot in self._built():
            slots = (int(ledger.slot(load_id).timestamp() * 1000) for load_id in load_ids)
            missing = [at for at in slots if not any(start <= at < end for start, end in snapshot.intervals)]
            if missing:
                lacking[str(snapshot.name)] = ledger.load_id_of(datetime.fromtimestamp(min(missing) / 1000, UTC))
        return lacking

    def _built(self) -> Iterable[Snapshot]:
        """Snapshots of the environment that hold rows, with their intervals as the state has them now."""
        environment = self._context.state_reader.get_environment(ENVIRONMENT)
        if environment is None:
            return []
        snapshots = self._context.state_reader.get_snapshots(environment.snapshots).values()
        return [snapshot for snapshot in snapshots if snapshot.is_model and not snapshot.is_symbolic]

    def _audit_the_rest(self, at: datetime) -> None:
        """Audit models that were complete already: a killed run built them, or only the newest load is theirs."""
        done = {outcome.model for outcome in self.audits}
        snapshots = {str(snapshot.name): snapshot for snapshot in self._context.snapshots.values()}
        for snapshot in self._built():
            if str(snapshot.model.name) not in done:
                self._context.snapshot_evaluator.audit(
                    snapshot, snapshots=snapshots, start=at - ledger.SLOT, end=at, execution_time=at
                )
        if failed := [outcome for outcome in self.audits if outcome.outcome == "failed"]:
            raise ModelsRefused("; ".join(f"audit {a.audit} of {a.model}: {a.rows} rows" for a in failed))


def _gold_table(model: Model, comments: dict[str, str], streams: frozenset[str]) -> GoldTable:
    """A view has no partitions in SQLMesh; its tag ``partitioned_by_<column>`` says how its release is divided."""
    tags = [tag.removeprefix("partitioned_by_") for tag in model.tags if tag.startswith("partitioned_by_")]
    partitions = tags or [expression.name for expression in model.partitioned_by]
    return GoldTable(
        name=str(model.name),
        relation=model.fqn,
        description=model.description or "",
        owner=model.owner or "",
        grain=[column.name for column in model.grains[0].expressions or [model.grains[0]]],
        column_descriptions=comments,
        partitioned_by=partitions[0] if partitions else None,
        streams=streams,
    )
