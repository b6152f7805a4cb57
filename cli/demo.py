"""``biaac demo``: the example company that upstream ships, and how it goes.

python -m cli.demo > demo.sha256     after a change of a file of the demo: `sha256sum -c demo.sha256` reads it
"""

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from biaac import company
from biaac.errors import PermanentError
from biaac.settings import ROOT
from cli.session import console

app = typer.Typer(help="The example company.", no_args_is_help=True)
# What stands in a company's places and is not the demo's: every company begins with these.
SKELETON = {
    *("company.yaml", "connections/sources/.gitkeep"),
    *("sqlmesh_project/audits/sums_equal.sql", "sqlmesh_project/metrics/.gitkeep", "sqlmesh_project/tests/.gitkeep"),
    *(f"sqlmesh_project/models/{layer}/.gitkeep" for layer in ("bronze", "silver", "gold")),
    *(f"superset/{name}" for name in ("dashboards/.gitkeep", "datasets/.gitkeep", "logo.svg", "theme.yaml")),
}


@app.command()
def remove(
    yes: Annotated[bool, typer.Option("--yes", help="Remove; without it the plan is shown.")] = False,
    changed: Annotated[bool, typer.Option("--changed", help="Remove files that you have changed, too.")] = False,
) -> None:
    """Take the demo's files out of this folder: a plan first. Files of your own stay, and so do those you changed.

    Example: biaac demo remove --yes
    """
    present = {name: digest for name, digest in _listed().items() if (ROOT / name).is_file()}
    if not present:
        console.print("the demo is not here: nothing to remove")
        return
    edited = [name for name, digest in present.items() if _digest(ROOT / name) != digest]
    for name in present:
        console.print(f"! {name} (you changed it)" if name in edited else f"- {name}", markup=False)
    if edited and not changed:
        raise PermanentError(
            f"{len(edited)} files of the demo are changed, and nothing was removed: {', '.join(edited)}",
            hint="copy what is yours to a file of another name, then biaac demo remove --yes --changed",
        )
    if not yes:
        console.print(f"{len(present)} files\n  next: biaac demo remove --yes", *["--changed"] * bool(edited))
        return
    for name in present:
        delete(ROOT / name, ROOT)
    console.print(
        f"{len(present)} files removed\n"
        '  next: git add -A && git commit -m "The demo is removed"\n'
        "  next: make stop clean (deletes the demo's data on this laptop), then make run"
    )


def _listed() -> dict[str, str]:
    """The demo's files with the SHA-256 that upstream gave each."""
    lines = (ROOT / "demo.sha256").read_text().splitlines()
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def delete(path: Path, root: Path) -> None:
    """Delete a file, and the folders that this leaves empty, up to ``root``."""
    path.unlink()
    shutil.rmtree(path.parent / "__pycache__", ignore_errors=True)
    for folder in path.parents:
        if folder == root or any(folder.iterdir()):
            break
        folder.rmdir()


def files() -> list[str]:
    """What upstream's git holds in a company's places, without the skeleton: the demo, by definition."""
    command = ["git", "ls-files", "--", *(f":(glob){place}" for place in company.places())]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [name for name in names if name not in SKELETON and (ROOT / name).is_file()]


if __name__ == "__main__":
    print("".join(f"{_digest(ROOT / name)}  {name}\n" for name in files()), end="")
