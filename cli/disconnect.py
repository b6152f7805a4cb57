"""``biaac disconnect``: a connection goes, with every file of the company that hangs on it alone."""

import re
from pathlib import Path
from typing import Annotated

import typer

from biaac import connections
from biaac.errors import PermanentError
from cli.demo import delete
from cli.session import Session, console

TABLE = re.compile(r"\b(?:bronze|silver|gold)\.[a-z_][a-z0-9_]*")
COMMENT = re.compile(r"--.*|/\*.*?\*/|(?m:^\s*#.*$)")


def disconnect(
    name: Annotated[str, typer.Argument(help="A connection: a file of connections/, without .yaml.")],
    yes: Annotated[bool, typer.Option("--yes", help="Remove; without it the plan is shown.")] = False,
) -> None:
    """Remove a connection and the models, metrics, tests and dashboards that hang on it: a plan first.

    Example: biaac disconnect shop
    """
    session = Session.open()
    company = session.settings.company
    connection = connections.get(session.settings.connections, name)
    others = [each for each in connections.load(session.settings.connections).values() if each.name != name]
    going = [company / f"connections/{name}.yaml"]
    if connection.source.connector not in {each.source.connector for each in others} | {"airbyte"}:
        going += sorted(
            path for path in (company / "connections" / connection.source.connector).rglob("*") if path.is_file()
        )
    hanging, shared = _hanging(company, name)
    for path in going + hanging:
        console.print(f"- {path.relative_to(company)}", markup=False)
    for path, tables in shared.items():
        console.print(
            f"! {path.relative_to(company)} (reads {', '.join(sorted(tables))}, and tables that stay)", markup=False
        )
    if shared:
        raise PermanentError(
            f"{len(shared)} files need tables of {name} and others too, and nothing was removed",
            hint=f"take {name}'s tables out of the files marked with !, then biaac disconnect {name} --yes",
        )
    if not yes:
        console.print(f"{len(going + hanging)} files\n  next: biaac disconnect {name} --yes")
        return
    for path in going + hanging:
        delete(path, company)
    schedule = "biaac connections apply --yes" if session.on_laptop else "deploy (docs/deploy.md)"
    console.print(
        f"{len(going + hanging)} files removed; rows stay in gs://{session.settings.bronze_bucket}/{name}/\n"
        f"  next: make check, then {schedule}, then biaac runs retry: a release without its tables"
    )


def _hanging(company: Path, name: str) -> tuple[list[Path], dict[Path, set[str]]]:
    """Files whose every table comes from the connection alone; and those that need other tables too, by file."""
    texts = {
        path: COMMENT.sub("", path.read_text())
        for folder in ("sqlmesh_project", "superset/dashboards", "superset/datasets")
        for path in sorted((company / folder).rglob("*"))
        if path.suffix in (".sql", ".yaml") and path.name != "config.yaml"
    }
    tables = {path: {*TABLE.findall(text), *TABLE.findall(path.stem)} for path, text in texts.items()}
    gone: set[str] = set()
    hanging: list[Path] = []
    while True:
        more = [
            path
            for path, text in texts.items()
            if path not in hanging
            and (
                re.search(rf"@bronze\(\s*'{name}/", text)
                or (tables[path] & gone and not tables[path] - gone - _own(text))
            )
        ]
        if not more:
            break
        hanging += more
        gone |= {table for path in more for table in _own(texts[path])}
    return hanging, {path: tables[path] & gone for path in texts if path not in hanging and tables[path] & gone}


def _own(text: str) -> set[str]:
    """The table that a model's file makes."""
    return {*re.findall(r"\bMODEL\s*\(\s*name\s+([\w.]+)", text)}
