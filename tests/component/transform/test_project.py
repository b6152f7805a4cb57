"""The company's SQLMesh project by itself: lint, unit tests, fingerprints, and queries of models on an empty lake."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlmesh import Context


@pytest.fixture
def project(
    environment: dict[str, str], company_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Context:
    monkeypatch.setenv("COMPANY_DIR", str(company_folder))
    monkeypatch.setenv("LAKE_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("LAKE_DATA_DIR", str(tmp_path))
    return Context(paths=[str(company_folder / "sqlmesh_project")])


def test_bronze_without_files_is_typed_and_empty_and_its_query_names_no_file(project: Context) -> None:
    query = project.render("bronze.shop_orders").sql("duckdb")
    assert "READ_PARQUET" not in query.upper() and "WHERE FALSE" in query.upper()
    rows = project.engine_adapter.fetchdf(query)
    assert rows.empty and list(rows.columns)[:2] == ["order_id", "customer_id"]


def test_a_plan_of_an_empty_lake_gives_empty_gold(project: Context) -> None:
    project.plan(auto_apply=True, no_prompts=True)
    assert project.engine_adapter.fetchone("SELECT COUNT(*) FROM gold.orders") == (0,)


FINGERPRINTS = """
import json, sys
from sqlmesh import Context
snapshots = Context(paths=[sys.argv[1]]).snapshots.values()
print(json.dumps({snapshot.model.name: snapshot.fingerprint.data_hash for snapshot in snapshots}))
"""


def test_when_the_engine_changes_a_macro_the_models_that_use_macros_are_built_again(
    environment: dict[str, str], company_folder: Path, repository: Path, tmp_path: Path
) -> None:
    engine = tmp_path / "engine"
    for room in ("biaac", "transform"):
        shutil.copytree(repository / room, engine / room, ignore=shutil.ignore_patterns("__pycache__"))
    variables = {
        "COMPANY_DIR": str(company_folder),
        "LAKE_STATE_DIR": str(tmp_path),
        "LAKE_DATA_DIR": str(tmp_path),
        "PYTHONPATH": str(engine),
    }

    def fingerprints() -> dict[str, str]:
        command = [sys.executable, "-c", FINGERPRINTS, str(company_folder / "sqlmesh_project")]
        done = subprocess.run(command, cwd=engine, env=environment | variables, capture_output=True, check=True)
        hashes: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
        return hashes

    before = fingerprints()
    with (engine / "transform/macros/text.py").open("a") as file:
        file.write("\n# changed\n")
    after = fingerprints()
    assert {name for name in before if before[name] == after[name]} == {"gold.orders", "gold.customers"}
