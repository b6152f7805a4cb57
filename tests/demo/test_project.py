"""The demo's models, metrics and audits."""

from pathlib import Path

import pytest
from sqlmesh import Context

from biaac import files
from biaac.settings import ROOT
from transform.metrics import MetricFile

PROJECT = ROOT / "sqlmesh_project"


@pytest.fixture
def project(environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    monkeypatch.setenv("LAKE_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("LAKE_DATA_DIR", str(tmp_path))
    return Context(paths=[str(PROJECT)])


def test_models_keep_the_rules_and_their_unit_tests_pass(project: Context) -> None:
    assert not project.lint_models(raise_on_error=False)
    assert project.test().wasSuccessful()
    assert {f"gold.{name}" for name in ("sales", "daily_sales", "products", "households", "stores", "dates")} <= {
        model.name for model in project.models.values()
    }


def test_a_plan_of_an_empty_lake_gives_empty_gold(project: Context) -> None:
    project.plan(auto_apply=True, no_prompts=True)
    assert project.engine_adapter.fetchone("SELECT COUNT(*) FROM gold.sales") == (0,)


def test_metrics_are_those_the_dashboards_are_promised() -> None:
    metrics = {metric.name: metric for metric in files.load(PROJECT / "metrics/sales.yaml", MetricFile).metrics}
    promised = {"revenue", "baskets", "households", "basket_value", "units", "lines", "discount_rate"}
    assert promised | {"loyalty_discount", "coupon_discount"} <= set(metrics)
    assert all({"en", "pt"} <= set(metrics[name].label) for name in promised)
    assert {name for name in promised if metrics[name].additive} == {"revenue", "units", "lines"}
