"""``biaac runs``: what each refresh did, why one was rejected, and trying again."""

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column, Table

from biaac import runs as records
from biaac import workflow
from biaac.errors import PermanentError
from cli import audits, follow, state
from cli.session import Json, Session, console, print_json, print_table

app = typer.Typer(invoke_without_command=True)
STYLES = {"published": "green", "nothing_new": "dim", "rejected": "red"}


@app.callback(invoke_without_command=True)
def runs(
    context: typer.Context,
    json: Json = False,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
) -> None:
    """List the newest refreshes.

    Example: biaac runs --limit 5
    """
    if context.invoked_subcommand:
        return
    session = Session.open()
    listed = records.history(session.ops, session.environment, limit=limit)
    undecided = state.undecided(session, {run.execution for run in listed}, limit=limit)
    if json:
        print_json([*map(_undecided, undecided), *(run.model_dump(mode="json") for run in listed)])
        return
    table = Table(*(Column(name, no_wrap=True) for name in ("run", "when", "reason", "outcome", "took")))
    for each in undecided:
        style = "dim" if workflow.is_live(each) else "red"
        started, ended = f"{each.start_time:%m-%d %H:%M:%S}", f"[{style}]{each.state.name.lower()}[/]"
        table.add_row(workflow.id_of(each.name), started, "", ended, "")
    for run in listed:
        took = f"{(run.finished_at - run.started_at).total_seconds():.1f} s"
        outcome = f"[{STYLES[run.outcome]}]{run.outcome}[/]"
        finished = f"{run.finished_at:%m-%d %H:%M:%S}"
        table.add_row(run.execution, finished, run.reason, outcome, took)
    print_table(table)


@app.command()
def show(
    run: Annotated[str | None, typer.Argument(help="A run, as `biaac runs` lists it; default: the newest.")] = None,
    json: Json = False,
) -> None:
    """Show one refresh: steps, audits that failed, and the rows they complain of.

    Example: biaac runs show 6096174f-b0bd-4b94-ab66-0da20b87c3ed
    """
    session = Session.open()
    run = run or _newest(session)
    record = records.read(session.ops, session.environment, run)
    execution = _workflow_of(session, run, known=record is not None)
    if json:
        print_json(record.model_dump(mode="json") if record else _undecided(execution))
        return
    _print_workflow(execution)
    if record is None:
        return
    console.print(f"outcome   [{STYLES[record.outcome]}]{record.outcome}[/]: {escape(record.message)}")
    console.print(f"release   {record.release or '-'}")
    for load in record.loads:
        console.print(f"admitted  job {load.job} of {load.connection}, load {load.load_id}")
    follow.print_steps(record)
    audits.print_complaints(session, record)
    if record.outcome is records.Outcome.REJECTED:
        console.print(f"  next: mend the model or the data; or to try again as it is: biaac runs retry {run}")


@app.command()
def retry(
    run: Annotated[str | None, typer.Argument(help="A run that was rejected or failed; default: the newest.")] = None,
) -> None:
    """Refresh again, also where nothing has changed since a rejection, and follow it.

    Example: biaac runs retry 6096174f-b0bd-4b94-ab66-0da20b87c3ed
    """
    session = Session.open()
    run = run or _newest(session)
    known = records.read(session.ops, session.environment, run) is not None
    _print_workflow(_workflow_of(session, run, known=known))
    execution = workflow.id_of(session.workflow.start({"reason": "retry"}))
    console.print(f"run {execution} started")
    follow.refresh(session, execution)


def _newest(session: Session) -> str:
    """The run that started last; by its record where the workflow's history has expired."""
    for execution in state.undecided(session, set(), limit=1):
        return workflow.id_of(execution.name)
    record = state.last_run(session)
    if record is None:
        raise PermanentError("there is no run yet", hint="biaac sync NAME")
    return record.execution


def _undecided(execution: Any) -> dict[str, Any]:
    return {"execution": workflow.id_of(execution.name), "outcome": None, "workflow": execution.state.name}


def _workflow_of(session: Session, run: str, *, known: bool) -> Any | None:
    """The workflow execution, None if its history has expired; ``PermanentError`` if there is no record either."""
    execution = session.workflow.execution(run)
    if execution is None and not known:
        raise PermanentError(f"there is no run {run}", hint="biaac runs")
    return execution


def _print_workflow(execution: Any | None) -> None:
    if execution is None:
        return
    console.print(f"run       {workflow.id_of(execution.name)}, workflow {execution.state.name}")
    for step in execution.status.current_steps:
        console.print(f"  at step {step.step} of {step.routine}")
    if execution.error.context:
        console.print(f"  {execution.error.context}", style="red", markup=False)
