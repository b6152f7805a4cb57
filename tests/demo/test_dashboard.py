"""The demo's dashboard, compiled against the demo's models."""

from datetime import date
from pathlib import Path

import pytest

from biaac.settings import ROOT
from compiler.bundle import Dashboard
from compiler.catalog import Catalog, Description
from compiler.checks import compile_checked
from transform.describe import describe
from transform.settings import LakeSettings


@pytest.fixture
def dashboard(environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dashboard:
    monkeypatch.setenv("LAKE_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("LAKE_DATA_DIR", str(tmp_path))
    models = Description.model_validate(describe(LakeSettings.load()))
    tables = {table.name: table for table in models.tables}
    catalog = Catalog(tables, models.metrics, reached=dict.fromkeys(tables, date(2017, 12, 1)))
    (dashboard,) = compile_checked(ROOT / "superset", catalog).dashboards
    return dashboard


def test_it_is_valid_and_keeps_the_links_that_people_have(dashboard: Dashboard) -> None:
    assert str(dashboard.uuid) == "314cc955-4cc8-57f5-bfe6-ba9046d6203f"
    assert {"Revenue", "Revenue over time", "Baskets by weekday and hour (UTC)"} < {
        one.title for one in dashboard.charts
    }
    assert dashboard.period == (date(2017, 8, 28), date(2017, 11, 27))
