"""``biaac runs``: what each refresh did, why one was rejected, and trying again."""

from typing import Annotated

import typer
from google.api_core.exceptions import NotFound
from rich.table import Column, Table

from biaac import runs as records
from biaac.errors import PermanentError
from cli import follow
from cli.session import Session, console, print_json

app = typer.Typer(help="What each refresh did.", invoke_without_command=True)
STYLES = {"published": "green", "nothing_new": "dim", "rejected": "red"}


@app.callback(invoke_without_command=True)
def runs(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
) -> None:
    """List the newest refreshes.

    Example: biaac runs --limit 5
    """
    if context.invoked_subcommand:
        return
    session = Session.open()
    found = records.history(session.ops, session.environment, limit=limit)
    if json:
        print_json([run.model_dump(mode="json") for run in found])
        return
    table = Table(*(Column(name, no_wrap=True) for name in ("run", "finished", "reason", "outcome", "took")))
    for run in found:
        took = f"{(run.finished_at - run.started_at).total_seconds():.1f} s"
        outcome = f"[{STYLES[run.outcome]}]{run.outcome}[/]"
        finished = f"{run.finished_at:%m-%d %H:%M:%S}"
        table.add_row(run.execution, finished, run.reason, outcome, took)
    console.print(table)


@app.command()
def show(
    run: Annotated[str, typer.Argument(help="A run, as `biaac runs` lists it.")],
    json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Show one refresh: steps, audits that found rows, and the query that shows those rows.

    Example: biaac runs show 6096174f-b0bd-4b94-ab66-0da20b87c3ed
    """
    session = Session.open()
    record = records.read(session.ops, session.environment, run)
    if json and record is not None:
        print_json(record.model_dump(mode="json"))
        return
    _tell_workflow(session, run, known=record is not None)
    if record is None:
        return
    console.print(f"outcome   [{STYLES[record.outcome]}]{record.outcome}[/]: {record.message}", markup=True)
    console.print(f"release   {record.release or '-'}")
    for load in record.loads:
        console.print(f"admitted  job {load.job} of {load.connection}, load {load.load_id}")
    for step in record.steps:
        rows = "" if step.rows is None else f"{step.rows:>12,} rows"
        console.print(f"  {step.name:<28} {step.seconds:6.1f} s {rows}")
    passed = sum(audit.outcome == "passed" for audit in record.audits)
    console.print(f"audits    {passed} of {len(record.audits)} passed")
    for audit in record.audits:
        if audit.outcome != "passed":
            style = "red" if audit.outcome == "failed" else "yellow"
            console.print(
                f"  [{style}]{audit.outcome}[/] {audit.audit} of {audit.model}: {audit.rows:,} rows; see them:"
            )
            console.print(f"    {audit.query}", markup=False)
    if record.outcome is records.Outcome.REJECTED:
        console.print(f"  next: mend the model or the data; or to try again as it is: biaac runs retry {run}")


@app.command()
def retry(run: Annotated[str, typer.Argument(help="A run that was rejected or failed.")]) -> None:
    """Refresh again, also where nothing has changed since a rejection, and follow it.

    Example: biaac runs retry 6096174f-b0bd-4b94-ab66-0da20b87c3ed
    """
    session = Session.open()
    _tell_workflow(session, run, known=records.read(session.ops, session.environment, run) is not None)
    execution = session.start_workflow({"reason": "retry"})
    console.print(f"run {execution} started")
    follow.refresh(session, execution)


def _tell_workflow(session: Session, run: str, *, known: bool) -> None:
    """State and error of the workflow execution; ``PermanentError`` if neither it nor a record is there."""
    try:
        execution = session.execution(run)
    except NotFound:
        if not known:
            raise PermanentError(f"there is no run {run}", hint="biaac runs") from None
        return
    console.print(f"run       {run}, workflow {execution.state.name}")
    if execution.error.context:
        console.print(f"  {execution.error.context}", style="red", markup=False)
