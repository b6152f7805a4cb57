"""``biaac audits``: every audit of the newest runs, its rows and its outcome."""

from typing import Annotated

import typer
from rich.table import Table

from biaac import runs
from cli.session import Session, print_json, print_table

STYLES = {"passed": "green", "warned": "yellow", "failed": "red"}


def audits(
    json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Of so many runs, newest first.")] = 1,
) -> None:
    """List every audit of the newest runs.

    Example: biaac audits --limit 3
    """
    session = Session.open()
    rows = [(run, audit) for run in runs.history(session.ops, session.environment, limit=limit) for audit in run.audits]
    if json:
        print_json([{"run": run.execution, "outcome": a.outcome} | a.model_dump(mode="json") for run, a in rows])
        return
    table = Table("run", "model", "audit", "outcome", "rows")
    for run, audit in rows:
        outcome = f"[{STYLES[audit.outcome]}]{audit.outcome}[/]"
        table.add_row(run.execution[:8], audit.model, audit.audit, outcome, f"{audit.rows:,}")
    print_table(table)
