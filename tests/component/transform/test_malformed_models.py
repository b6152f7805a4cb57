"""A model file with a fault: its path, the line, the value found and what is expected, in one message."""

import shutil
from pathlib import Path

import pytest
from sqlmesh import Context
from sqlmesh.utils.errors import SQLMeshError

from transform import faults
from transform.settings import PROJECT

MODEL = "models/gold/stores.sql"
FAULTS = {
    "an unknown kind": ("kind FULL", "kind FULLL", 3, ["FULLL", "INCREMENTAL_BY_PARTITION", "VIEW"]),
    "an unknown field": ("owner ", "ownner ", 5, ["'ownner'", "'owner'"]),
    "an unknown audit": ("not_null(", "not_nul(", 8, ["'not_nul'", "undefined"]),
    "a bracket that is missing": ("audits (", "audits ", 10, ["Unexpected token", "unique_values"]),
    "a word that is no SQL": ("SELECT", "SELEC", 22, ["Unexpected token", "SELEC"]),
    "an unknown macro": ("MIN(sold_at)", "@minn(sold_at)", 23, ["'minn'", "does not exist"]),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy that may be broken."""
    copy = tmp_path_factory.mktemp("project") / "sqlmesh_project"
    shutil.copytree(PROJECT, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.fixture(autouse=True)
def lake(environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKE_STATE_DIR", str(tmp_path))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_malformed_model_is_told_with_file_line_value_and_expectation(project: Path, fault: str) -> None:
    old, new, line, words = FAULTS[fault]
    model = project / MODEL
    good = model.read_text()
    assert old in good
    model.write_text(good.replace(old, new, 1))
    try:
        with pytest.raises(SQLMeshError) as raised:
            Context(paths=[str(project)])
        said = faults.told(raised.value, project)
    finally:
        model.write_text(good)
    assert said.startswith(f"{MODEL}:{line}: "), said
    assert all(word in said for word in words), said
    assert "\x1b" not in said and str(project) not in said


def test_a_column_that_no_table_has_is_found_by_lint(project: Path) -> None:
    model = project / MODEL
    good = model.read_text()
    model.write_text(good.replace("MIN(sold_at)", "MIN(sold_att)", 1))
    try:
        (found,) = Context(paths=[str(project)]).lint_models(raise_on_error=False)
    finally:
        model.write_text(good)
    assert all(word in found.violation_msg for word in ("'sold_att'", "Line: 23", '"gold"."stores"'))


def test_a_fault_of_no_file_is_told_as_it_is(project: Path) -> None:
    assert faults.told(SQLMeshError("no such gateway"), project) == "no such gateway"
