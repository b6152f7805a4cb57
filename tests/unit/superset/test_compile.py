"""A bundle made of files and a release: the same everywhere, complete, and without an instance's ids."""

from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from biaac import files as yaml_files
from biaac.errors import PermanentError
from superset.assets import files
from superset.assets.bundle import Bundle, DashboardSpec
from superset.assets.compile import compile_bundle
from superset.assets.layout import metadata, position
from superset.assets.queries import filter_contexts, query_context
from tests.unit.superset.test_broken_files import column, metric

METRICS = [
    metric(name, additive=additive)
    for name, additive in (
        ("revenue", True),
        ("baskets", False),
        ("basket_value", False),
        ("households", False),
        ("discount_rate", False),
    )
]
COLUMNS = [
    SimpleNamespace(**vars(column(name, kind)), description=f"About {name}.")
    for name, kind in (
        ("sale_date", "DATE"),
        ("sold_at", "TIMESTAMP"),
        ("department", "VARCHAR"),
        ("product_category", "VARCHAR"),
        ("brand", "VARCHAR"),
        ("income", "VARCHAR"),
    )
]


def compiled(repository: Path, reached: datetime | None = datetime(2017, 12, 1, 23, 59, tzinfo=UTC)) -> Bundle:
    # Of a release and its manifests, compiling reads these alone.
    release: Any = SimpleNamespace(id="000002-x", data_as_of=reached, metrics=METRICS)
    manifest: Any = SimpleNamespace(name="gold.sales", description="Lines.", columns=COLUMNS)
    dashboard = yaml_files.load(repository / "superset/dashboards/sales_overview.yaml", files.Dashboard)
    dataset = yaml_files.load(repository / "superset/datasets/gold.sales.yaml", files.Dataset)
    return compile_bundle({"sales_overview": dashboard}, {"gold.sales": dataset}, release, {"gold.sales": manifest})


@pytest.fixture
def dashboard(repository: Path) -> DashboardSpec:
    (one,) = compiled(repository).dashboards
    return one


def test_it_is_the_same_wherever_it_is_compiled(repository: Path, dashboard: DashboardSpec) -> None:
    assert compiled(repository).dashboards == [dashboard]
    assert str(dashboard.uuid) == "314cc955-4cc8-57f5-bfe6-ba9046d6203f"  # links that people keep depend on it


def test_charts_differ_by_uuid_and_tell_what_they_show(dashboard: DashboardSpec) -> None:
    assert len({chart.uuid for chart in dashboard.charts}) == len(dashboard.charts)
    titles = [chart.title for chart in dashboard.charts]
    assert {"Revenue", "Revenue over time", "Baskets by weekday and hour (UTC)"} <= set(titles)
    assert len(titles) == len(set(titles))


def test_the_period_is_anchored_to_the_data(dashboard: DashboardSpec) -> None:
    assert dashboard.period == (date(2017, 8, 28), date(2017, 11, 27))


def test_a_release_that_does_not_say_how_far_it_reaches_is_refused(repository: Path) -> None:
    with pytest.raises(PermanentError, match="000002-x says of no stream how far its data reaches"):
        compiled(repository, reached=None)


def test_rows_fill_the_grid_and_every_chart_has_its_place(dashboard: DashboardSpec) -> None:
    ids = {chart.uuid: number for number, chart in enumerate(dashboard.charts, start=100)}
    tree = position(dashboard, ids)
    placed = [one["meta"] for one in tree.values() if isinstance(one, dict) and one["type"] == "CHART"]
    assert {UUID(meta["uuid"]): meta["chartId"] for meta in placed} == ids
    for row in dashboard.rows:
        assert sum(cell.width for cell in row) == files.COLUMNS
    for name, one in tree.items():
        if isinstance(one, dict) and name != "HEADER_ID":
            assert all(tree[child]["parents"][-1] == name for child in one.get("children", []))


def test_filters_do_not_touch_the_chart_that_speaks_of_all_data(dashboard: DashboardSpec) -> None:
    ids = {chart.uuid: number for number, chart in enumerate(dashboard.charts, start=100)}
    made = metadata(dashboard, ids, 7)["native_filter_configuration"]
    assert [one["name"] for one in made] == ["Period", "Grain", "Department", "Product category", "Income"]
    (trust,) = [chart for chart in dashboard.charts if chart.key == "trust"]
    assert all(one["scope"]["excluded"] == [ids[trust.uuid]] for one in made)
    (within,) = [one for one in made if one["cascadeParentIds"]]
    assert (within["name"], within["cascadeParentIds"]) == ("Product category", ["NATIVE_FILTER-department"])


def test_every_chart_and_every_list_has_its_queries(dashboard: DashboardSpec) -> None:
    for chart in dashboard.charts:
        for query in query_context(chart, 7, dashboard=dashboard)["queries"]:
            if chart.key == "trust":
                assert "time_range" not in query
            else:
                assert query["time_range"] == "2017-08-28 : 2017-11-27"
                assert query["extras"]["time_grain_sqla"] == "P1W"
    columns = [context["queries"][0]["columns"] for context in filter_contexts(dashboard, 7)]
    assert columns == [["department"], ["product_category"], ["income"]]


def test_cents_are_left_out_where_values_add_up_and_kept_in_an_average(dashboard: DashboardSpec) -> None:
    totals = [chart for chart in dashboard.charts if chart.viz_type == "pop_kpi"]
    assert {chart.parameters["metric"]: chart.parameters["time_compare"] for chart in totals} == dict.fromkeys(
        ("revenue", "baskets", "basket_value", "households"), "inherit"
    )
    (pivot,) = [chart for chart in dashboard.charts if chart.viz_type == "pivot_table_v2"]
    assert pivot.parameters["rowTotals"]
