"""The company: one folder with its connections, SQLMesh project, dashboards, and ``company.yaml``.

The folder is COMPANY_DIR; by default it is this repository, whose engine never writes there.

    company.load(settings.company).first_day
"""

from datetime import date
from pathlib import Path

from pydantic import Field

from biaac import files
from biaac.records import Record


class Company(Record):
    """``company.yaml``: what is true of the whole installation."""

    first_day: date = Field(
        description="Day of the first load. SQLMesh counts 5-minute intervals from here in every plan: "
        "2 s for each year, measured. So it is not the first day of the data."
    )


def load(folder: Path) -> Company:
    """Read ``folder/company.yaml``; ``PermanentError`` names every fault with its line."""
    return files.load(folder / "company.yaml", Company)
