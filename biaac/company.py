"""The company: one folder with its connections, SQLMesh project, dashboards, and ``company.yaml``.

The folder is COMPANY_DIR; by default it is this repository, where ``company.places`` lists what is the company's own.

    company.load(settings.company).first_day

    python -m biaac.company FOLDER      check company.yaml and connections/*.yaml
"""

import sys
from datetime import date
from pathlib import Path

from pydantic import Field

from biaac import connections, files
from biaac.errors import PermanentError
from biaac.records import Record
from biaac.settings import ROOT


class Company(Record):
    """``company.yaml``: what is true of the whole installation."""

    first_day: date = Field(
        description="Day of the first load. SQLMesh counts 5-minute intervals from here in every plan: "
        "2 s for each year, measured. So it is not the first day of the data."
    )


def load(folder: Path) -> Company:
    """Read ``folder/company.yaml``; ``PermanentError`` names every fault with its line."""
    return files.load(folder / "company.yaml", Company)


def places() -> list[str]:
    """Folders, files and patterns of the repository that are the company's own, as ``company.places`` lists them."""
    lines = (ROOT / "company.places").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def next_step(folder: Path) -> str | None:
    """What a company without a connection, a Gold model or a dashboard writes next; None when it has all."""
    if not any((folder / "connections").glob("*.yaml")):
        return "a connection of your own, connections/NAME.yaml: CONTRIBUTING.md, A source"
    if not any((folder / "sqlmesh_project/models/gold").rglob("*.sql")):
        return "models of your own, sqlmesh_project/models: CONTRIBUTING.md, A model"
    if not any((folder / "superset/dashboards").glob("*.yaml")):
        return "a dashboard of your own, superset/dashboards/NAME.yaml: CONTRIBUTING.md, A dashboard"
    return None


def main() -> None:
    """Check ``company.yaml`` and every connection of the folder named on the command line."""
    folder = Path(sys.argv[1])
    faults = []
    for check in (load, lambda folder: connections.load(folder / "connections")):
        try:
            check(folder)
        except PermanentError as error:
            faults.append(error.message)
    if faults:
        sys.exit("\n".join(faults))
    print(f"{len(connections.load(folder / 'connections'))} connections are valid")


if __name__ == "__main__":
    main()
