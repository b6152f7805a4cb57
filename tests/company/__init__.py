"""The engine's own small company: a web shop and its help desk, in the shape of every company's folder.

    company.install(folder)              # COMPANY_DIR=folder
    company.build_connector(connectors)  # CONNECTORS_DIR=connectors
    company.pass_a_day(folder)           # the next sync brings NEXT_DAY instead of FIRST

Its data ends on ``FIRST.day``, in both sources. NULLs stand in many columns; one order is deleted from the start, one
is of a customer whom no list has. The next day brings new rows, corrections, an order that moves from April to June,
and one that is deleted.
"""

import json
import shutil
import sys
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from biaac.settings import ROOT

HERE = Path(__file__).parent
PLACES = ("connections", "sqlmesh_project", "superset", "data")  # and company.yaml
EVERY_COMPANY_HAS = ("macros", "linter")  # in sqlmesh_project/, and config.py
BYTECODE = shutil.ignore_patterns("__pycache__")

Row = dict[str, Any]


@dataclass(frozen=True)
class Totals:
    """What Gold holds after a day's sync of both sources."""

    day: date
    orders: int
    revenue: Decimal
    orders_by_month: dict[str, int]
    customers: int
    tickets: int
    open_tickets: int


FIRST = Totals(
    day=date(2026, 6, 30),
    orders=45,
    revenue=Decimal("2581.04"),
    orders_by_month={"2026-04-01": 15, "2026-05-01": 15, "2026-06-01": 15},
    customers=12,
    tickets=20,
    open_tickets=5,
)
NEXT_DAY = Totals(
    day=date(2026, 7, 1),
    orders=46,
    revenue=Decimal("2651.47"),
    orders_by_month={"2026-04-01": 13, "2026-05-01": 15, "2026-06-01": 16, "2026-07-01": 2},
    customers=13,
    tickets=21,
    open_tickets=5,
)


def install(folder: Path) -> None:
    """Copy the company into ``folder``, with what every company's SQLMesh project has from the repository."""
    for place in PLACES:
        shutil.copytree(HERE / place, folder / place, ignore=BYTECODE, dirs_exist_ok=True)
    shutil.copy(HERE / "company.yaml", folder)
    for name in EVERY_COMPANY_HAS:
        shutil.copytree(ROOT / "sqlmesh_project" / name, folder / "sqlmesh_project" / name, ignore=BYTECODE)
    shutil.copy(ROOT / "sqlmesh_project/config.py", folder / "sqlmesh_project")
    for connection in (folder / "connections").glob("*.yaml"):
        connection.write_text(connection.read_text().replace("tests/company/data", str(folder / "data")))


def pass_a_day(folder: Path) -> None:
    """Give the sources of an installed company the rows of the day after ``FIRST.day``."""
    for file in sorted((HERE / "next_day").glob("*/*.jsonl")):
        rows = [json.loads(line) for line in file.read_text().splitlines()]
        put_rows(folder, f"{file.parent.name}/{file.stem}", rows)


def put_rows(folder: Path, stream: str, rows: list[Row]) -> None:
    """Give a source rows: ``put_rows(folder, "shop/orders", [...])``.

    They are appended to a stream with a cursor; they replace the rows of any other, which is sent whole.
    """
    source, _, name = stream.partition("/")
    streams = json.loads((folder / "data" / source / "streams.json").read_bytes())
    with (folder / "data" / source / f"{name}.jsonl").open("a" if "cursor" in streams[name] else "w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def build_connector(connectors: Path) -> None:
    """Make the program ``source-folder`` below ``connectors``, where CONNECTORS_DIR has it.

    It needs no package, so this interpreter runs it; ``bin/uv sync`` would build the same from its lock.
    """
    program = connectors / "source-folder/bin/source-folder"
    program.parent.mkdir(parents=True, exist_ok=True)
    code = "import source_folder; source_folder.main()"
    place = HERE / "connections/sources/folder"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={place} exec {sys.executable} -c "{code}" "$@"\n')
    program.chmod(0o755)
