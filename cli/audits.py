"""``biaac audits``: every audit of the newest runs, and the rows that one complains of."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from biaac import releases, runs
from biaac.errors import PermanentError
from cli.session import Json, Session, console, print_json, print_table

app = typer.Typer(invoke_without_command=True)
STYLES = {"passed": "green", "warned": "yellow", "failed": "red"}


@app.callback(invoke_without_command=True)
def audits(
    context: typer.Context,
    json: Json = False,
    limit: Annotated[int, typer.Option(min=1, help="Of so many runs, newest first.")] = 1,
) -> None:
    """List every audit of the newest runs.

    Example: biaac audits --limit 3
    """
    if context.invoked_subcommand:
        return
    session = Session.open()
    rows = [(run, audit) for run in runs.history(session.ops, session.environment, limit=limit) for audit in run.audits]
    if json:
        print_json([{"run": run.execution, "outcome": a.outcome} | a.model_dump(mode="json") for run, a in rows])
        return
    table = Table("run", "model", "audit", "outcome", "rows")
    for run, audit in rows:
        outcome = f"[{STYLES[audit.outcome]}]{audit.outcome}[/]"
        table.add_row(run.execution, audit.model, escape(audit.audit), outcome, f"{audit.rows:,}")
    print_table(table)
    if any(audit.rows for _, audit in rows):
        console.print("  next: biaac audits show (the rows that they complain of)")


@app.command()
def show(
    run: Annotated[str | None, typer.Argument(help="A run; default: the newest with an audit that complains.")] = None,
) -> None:
    """Show what did not pass in one run, and the first rows that each audit complains of.

    Example: biaac audits show
    """
    session = Session.open()
    if run:
        record = runs.get(session.ops, session.environment, run)
    else:
        newest = runs.history(session.ops, session.environment, limit=50)
        complaining = (each for each in newest if any(audit.rows for audit in each.audits))
        record = next(complaining, None) or next(iter(newest), None)  # type: ignore[assignment]
    if record is None:
        raise PermanentError("there is no run yet", hint="biaac sync NAME")
    console.print(f"run       {record.execution}")
    print_complaints(session, record)


def print_complaints(session: Session, run: runs.Run) -> None:
    """How many audits of a run passed; each other with its rows. They are kept where the release was built."""
    console.print(f"audits    {releases.passed(run.audits)} passed")
    executions = [run.execution]
    if run.release and run.outcome is runs.Outcome.NOTHING_NEW:
        executions.append(releases.read(session.lake, session.environment, run.release).execution)
    offending = {
        (rows.model, rows.audit): rows
        for execution in executions
        for rows in runs.offending(session.ops, session.environment, execution)
    }
    for audit in run.audits:
        if audit.outcome == "passed":
            continue
        outcome = f"[{STYLES[audit.outcome]}]{audit.outcome}[/]"
        console.print(f"  {outcome} {escape(audit.audit)} of {audit.model}: {audit.rows:,} rows")
        if rows := offending.get((audit.model, audit.audit)):
            table = Table(*map(escape, rows.columns))
            for row in rows.rows:
                table.add_row(*("NULL" if value is None else escape(value) for value in row))
            print_table(table)
