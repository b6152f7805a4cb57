"""The SQLMesh project by itself: lint, unit tests, and the queries of models on an empty lake."""

from pathlib import Path

import pytest
from sqlmesh import Context

from transform.settings import PROJECT


@pytest.fixture
def project(environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    monkeypatch.setenv("LAKE_STATE_DIR", str(tmp_path))
    return Context(paths=[str(PROJECT)])


def test_models_keep_the_rules_and_their_unit_tests_pass(project: Context) -> None:
    assert not project.lint_models(raise_on_error=False)
    assert project.test().wasSuccessful()
    assert {f"gold.{name}" for name in ("sales", "daily_sales", "products", "households", "stores", "dates")} == {
        model.name for model in project.models.values() if model.schema_name == "gold"
    }


def test_bronze_without_files_is_typed_and_empty_and_its_query_names_no_file(project: Context) -> None:
    query = project.render("bronze.grocery_transactions").sql("duckdb")
    assert "READ_PARQUET" not in query.upper() and "WHERE FALSE" in query.upper()
    rows = project.engine_adapter.fetchdf(query)
    assert rows.empty and list(rows.columns)[:2] == ["basket_id", "product_id"]


def test_a_plan_of_an_empty_lake_gives_empty_gold(project: Context) -> None:
    project.plan(auto_apply=True, no_prompts=True)
    assert project.engine_adapter.fetchone("SELECT COUNT(*) FROM gold.sales") == (0,)
