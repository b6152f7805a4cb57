"""A model file with a fault: its path, the line, the value found and what is expected, in one message."""

from pathlib import Path

import pytest
from sqlmesh import Context
from sqlmesh.utils.errors import SQLMeshError

from tests import company
from transform import model_errors

MODEL = "models/gold/customers.sql"
FAULTS = {
    "an unknown kind": ("kind FULL", "kind FULLL", 3, ["FULLL", "INCREMENTAL_BY_PARTITION", "VIEW"]),
    "an unknown field": ("owner ", "ownner ", 5, ["'ownner'", "'owner'"]),
    "an unknown audit": ("not_null(", "not_nul(", 7, ["'not_nul'", "undefined"]),
    "a bracket that is missing": ("audits (", "audits ", 8, ["Unexpected token", "unique_values"]),
    "a word that is no SQL": ("SELECT", "SELEC", 11, ["Unexpected token", "SELEC"]),
    "an unknown macro": ("MAX(o.ordered_at)", "@maxx(o.ordered_at)", 17, ["'maxx'", "does not exist"]),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that may be broken."""
    folder = tmp_path_factory.mktemp("company")
    company.install(folder)
    return folder / "sqlmesh_project"


@pytest.fixture(autouse=True)
def lake(environment: dict[str, str], project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANY_DIR", str(project.parent))
    monkeypatch.setenv("LAKE_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("LAKE_DATA_DIR", str(tmp_path))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_malformed_model_is_named_with_file_line_value_and_expectation(project: Path, fault: str) -> None:
    old, new, line, words = FAULTS[fault]
    model = project / MODEL
    good = model.read_text()
    assert old in good
    model.write_text(good.replace(old, new, 1))
    try:
        with pytest.raises(SQLMeshError) as raised:
            Context(paths=[str(project)])
        message = model_errors.locate(raised.value, project)
    finally:
        model.write_text(good)
    assert message.startswith(f"{MODEL}:{line}: "), message
    assert all(word in message for word in words), message
    assert "\x1b" not in message and str(project) not in message


def test_a_column_that_no_table_has_is_named_by_lint(project: Path) -> None:
    model = project / "models/silver/customers.sql"
    good = model.read_text()
    model.write_text(good.replace("since::DATE", "sinse::DATE", 1))
    try:
        violations = Context(paths=[str(project)]).lint_models(raise_on_error=False)
    finally:
        model.write_text(good)
    (message,) = [one.violation_msg for one in violations if "sinse" in one.violation_msg]
    assert all(word in message for word in ("'sinse'", "could not be resolved", '"silver"."customers"')), message


def test_a_fault_of_no_file_is_repeated_as_it_is(project: Path) -> None:
    assert model_errors.locate(SQLMeshError("no such gateway"), project) == "no such gateway"
