"""`biaac disconnect`: a connection goes with what hangs on it alone; what others need stays or stops it by name."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from tests import company
from tests.component.cli.conftest import Biaac

GOING = {
    "connections/support.yaml",
    "sqlmesh_project/models/bronze/support_tickets.sql",
    "sqlmesh_project/models/silver/ticket_versions.sql",
    "sqlmesh_project/models/gold/tickets.sql",
    "sqlmesh_project/metrics/tickets.yaml",
    "superset/dashboards/tickets.yaml",
}


@pytest.fixture
def folder(biaac: Biaac, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small company, with two connections of one connector."""
    company.install(tmp_path / "company")
    monkeypatch.setenv("COMPANY_DIR", str(tmp_path / "company"))
    return tmp_path / "company"


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def take_its_unit_tests_out(folder: Path) -> None:
    """What a person does with a file of tests that are of both connections."""
    file = folder / "sqlmesh_project/tests/test_gold.yaml"
    tests = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump({name: test for name, test in tests.items() if test["model"] != "gold.tickets"}))


def test_a_connection_goes_with_all_that_hangs_on_it_and_the_rest_is_valid(
    biaac: Biaac, folder: Path, repository: Path
) -> None:
    take_its_unit_tests_out(folder)
    before = files(folder)
    planned = biaac("disconnect support")
    assert planned.code == 0, planned.err
    assert {line[2:] for line in planned.out.splitlines() if line.startswith("- ")} == GOING
    assert "next: biaac disconnect support --yes" in planned.out
    assert files(folder) == before
    assert biaac("disconnect support --yes").code == 0
    assert before - files(folder) == GOING
    variables = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "COMPANY_DIR": str(folder)}
    command = [repository / "bin/check", "connections", "models", "dashboards"]
    checked = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_a_file_that_needs_other_tables_too_is_named_and_nothing_goes(biaac: Biaac, folder: Path) -> None:
    assert "! sqlmesh_project/tests/test_gold.yaml (reads gold.tickets" in biaac("disconnect support").out
    take_its_unit_tests_out(folder)
    model = folder / "sqlmesh_project/models/gold/customers.sql"
    model.write_text(model.read_text() + "\n-- gold.tickets in a comment is no reason\n")
    assert biaac("disconnect support").code == 0
    model.write_text(model.read_text() + "\nUNION ALL SELECT * FROM gold.tickets\n")
    before = files(folder)
    refused = biaac("disconnect support --yes")
    assert refused.code == 1
    assert "! sqlmesh_project/models/gold/customers.sql (reads gold.tickets, and tables that stay)" in refused.out
    assert files(folder) == before


def test_a_connection_that_is_not_there_is_named(biaac: Biaac, folder: Path) -> None:
    assert "connection 'nowhere' does not exist; there are: shop, support" in biaac("disconnect nowhere").err
