"""``biaac releases``: what was published, what readers see, and going back."""

import getpass
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from biaac import releases as records
from biaac.errors import BiaacError, PermanentError
from cli.dashboards import run_job
from cli.session import Json, Session, console, print_json, print_table

app = typer.Typer(invoke_without_command=True)


@app.callback(invoke_without_command=True)
def releases(
    context: typer.Context,
    json: Json = False,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
) -> None:
    """List the newest releases; the one that readers see is marked.

    Example: biaac releases
    """
    if context.invoked_subcommand:
        return
    session = Session.open()
    pointer = records.pointer(session.lake, session.environment)
    current = pointer.release if pointer else None
    newest = sorted(records.ids(session.lake, session.environment), reverse=True)[:limit]
    listed = [records.read(session.lake, session.environment, each) for each in newest]
    if json:
        print_json([{"id": r.id, "current": r.id == current} | r.model_dump(mode="json") for r in listed])
        return
    table = Table("", Column("release", no_wrap=True), "created", "data as of", "syncs", "audits", "rows")
    for release in listed:
        mark = "[green]►[/]" if release.id == current else ""
        as_of = f"{release.data_as_of:%Y-%m-%d %H:%M}" if release.data_as_of else "-"
        rows = sum(reference.rows for reference in release.tables.values())
        created = f"{release.created_at:%Y-%m-%d %H:%M:%S}"
        table.add_row(
            mark, release.id, created, as_of, str(len(release.loads)), records.passed(release.audits), f"{rows:,}"
        )
    print_table(table)
    _print_hold(pointer)


@app.command()
def show(
    release: Annotated[str | None, typer.Argument(help="A release; default: the one readers see.")] = None,
) -> None:
    """Show one release whole, as JSON.

    Example: biaac releases show 000002-27d4b0e55027
    """
    session = Session.open()
    pointer = records.pointer(session.lake, session.environment)
    release = release or (pointer.release if pointer else None)
    if release is None:
        raise PermanentError(f"{session.environment} has no release yet", hint="biaac sync NAME")
    print_json(records.read(session.lake, session.environment, release).model_dump(mode="json"))


@app.command()
def rollback(
    reason: Annotated[str, typer.Option(help="Why; everybody who looks at the status reads it.")],
    release: Annotated[str | None, typer.Argument(help="Where to; default: the parent of the current one.")] = None,
) -> None:
    """Show an earlier release to all readers at once, and hold it: candidates are built, none is promoted.

    Example: biaac releases rollback --reason "prices of stores 300-310 are wrong"
    """
    session = Session.open()
    by = getpass.getuser()
    pointer = records.roll_back(session.lake, session.environment, release, by=by, reason=reason)
    console.print(f"readers see {pointer.release}")
    _follow(session, pointer.release)
    _print_hold(pointer)


@app.command()
def resume() -> None:
    """Lift the hold of a rollback and promote the newest release.

    Example: biaac releases resume
    """
    session = Session.open()
    promotion = records.resume(session.lake, session.environment)
    console.print(f"{promotion.outcome}: readers see {promotion.current}")
    _follow(session, promotion.current)


def _follow(session: Session, release: str) -> None:
    """Dashboards and their periods become those that fit the release; the release itself has moved already."""
    try:
        run_job(session.settings, "superset-refresh", "--release", release, hint="biaac dashboards apply")
    except BiaacError as error:
        console.print(f"[yellow]dashboards do not follow yet:[/] {escape(str(error))}")


def _print_hold(pointer: records.Pointer | None) -> None:
    if pointer and pointer.held:
        held = pointer.held
        console.print(f"[yellow]held by {held.by} since {held.since:%Y-%m-%d %H:%M}: {escape(held.reason)}")
        console.print("  next: biaac releases resume")
