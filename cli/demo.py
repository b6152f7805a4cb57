"""``biaac demo``: the grocer that upstream ships as the example, and how it goes.

python -m cli.demo > demo.sha256     after a change of a file of the demo: `sha256sum -c demo.sha256` reads it
"""

import hashlib
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from biaac import company
from biaac.errors import PermanentError
from biaac.settings import ROOT
from cli.session import console

app = typer.Typer(help="The example company.", no_args_is_help=True)
LIST = ROOT / "demo.sha256"
# What stands in a company's places and is not the demo's: every company begins with these.
SKELETON = {
    "company.yaml",
    "sqlmesh_project/audits/sums_equal.sql",
    "superset/logo.svg",
    "superset/theme.yaml",
}


@app.command()
def remove(
    yes: Annotated[bool, typer.Option("--yes", help="Remove; without it the plan is shown.")] = False,
    changed: Annotated[bool, typer.Option("--changed", help="Remove files that you have changed, too.")] = False,
) -> None:
    """Take the demo's files out of this folder: a plan first. Files of your own stay, and so do those you changed.

    Example: biaac demo remove --yes
    """
    there = {name: digest for name, digest in _listed().items() if (ROOT / name).is_file()}
    if not there:
        console.print("the demo is not here: nothing to remove")
        return
    edited = [name for name, digest in there.items() if _digest(ROOT / name) != digest]
    for name in there:
        mark = "!" if name in edited else "-"
        console.print(f"{mark} {name}{' (you changed it)' if name in edited else ''}", markup=False)
    if edited and not changed:
        raise PermanentError(
            f"{len(edited)} files of the demo are changed, and nothing was removed: {', '.join(edited)}",
            hint="copy what is yours to a file of another name, then biaac demo remove --yes --changed",
        )
    if not yes:
        console.print(f"{len(there)} files\n  next: biaac demo remove --yes{' --changed' if edited else ''}")
        return
    for name in there:
        _delete(ROOT / name)
    console.print(
        f"{len(there)} files removed\n"
        '  next: git add -A && git commit -m "The demo is removed"\n'
        "  next: make stop clean (deletes the demo's data on this laptop), then make run"
    )


def _listed() -> dict[str, str]:
    """The demo's files with the SHA-256 that upstream gave each."""
    lines = [line.split("  ", 1) for line in LIST.read_text().splitlines()]
    return {name: digest for digest, name in lines}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _delete(path: Path) -> None:
    """Delete a file, what Python compiled of it, and the folders that this leaves empty."""
    path.unlink()
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()
    for folder in (path.parent / "__pycache__", *path.parents):
        if folder == ROOT or (folder.exists() and any(folder.iterdir())):
            break
        if folder.exists():
            folder.rmdir()


def files() -> list[str]:
    """What upstream's git holds in a company's places, without the skeleton: the demo, by definition."""
    command = ["git", "ls-files", "--", *(f":(glob){place}" for place in company.places())]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [name for name in names if name not in SKELETON and (ROOT / name).is_file()]


if __name__ == "__main__":
    print("".join(f"{_digest(ROOT / name)}  {name}\n" for name in files()), end="")
