"""A bundle made of files and a catalog: the same everywhere, complete, and without an instance's ids."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from charts import KINDS
from charts.kind import COLUMNS, Chart, Page
from charts.pivot import Pivot
from compiler.bundle import Bundle, Dashboard
from compiler.catalog import Catalog
from compiler.checks import compile_checked
from compiler.layout import metadata, position
from compiler.queries import filter_contexts, query_context
from tests.unit.superset.conftest import COMPANY
from tests.unit.superset.test_broken_files import VALID


@pytest.fixture
def bundle(repository: Path, catalog: Catalog) -> Bundle:
    return compile_checked(repository / COMPANY / "superset", catalog)


@pytest.fixture
def orders(bundle: Bundle) -> Dashboard:
    return bundle.dashboards[0]


def charts_of(bundle: Bundle, kind: str) -> dict[str, Chart]:
    """Charts of one kind of Superset's, by key."""
    charts = [chart for dashboard in bundle.dashboards for chart in dashboard.charts]
    return {chart.key: chart for chart in charts if chart.viz_type == kind}


def test_it_is_the_same_wherever_it_is_compiled(repository: Path, catalog: Catalog, bundle: Bundle) -> None:
    assert compile_checked(repository / COMPANY / "superset", catalog) == bundle
    # Links that people keep depend on it.
    assert str(bundle.dashboards[0].uuid) == "8b05ab44-9851-5739-80f1-faab55ba0457"


def test_a_key_keeps_a_dashboard_and_a_chart_when_file_and_columns_change(tmp_path: Path, catalog: Catalog) -> None:
    before = VALID.replace("{area: revenue, by: country}", "{area: revenue, by: country, key: where}")
    after = f"key: orders\n{before.replace('area: revenue, by: country', 'donut: orders, by: channel')}"
    bundles = []
    for folder, name, text in (("old", "orders", before), ("new", "sales", after)):
        (tmp_path / folder / "dashboards").mkdir(parents=True)
        (tmp_path / folder / f"dashboards/{name}.yaml").write_text(text)
        bundles.append(compile_checked(tmp_path / folder, catalog))
    (old,), (new,) = (bundle.dashboards for bundle in bundles)
    assert (old.uuid, old.key) == (new.uuid, new.key)
    assert {chart.uuid for chart in old.charts} == {chart.uuid for chart in new.charts}


def test_the_small_company_shows_every_kind(bundle: Bundle) -> None:
    shown = {chart.kind() for dashboard in bundle.dashboards for chart in dashboard.file.charts}
    assert shown == set(KINDS)


def test_charts_differ_by_uuid_and_their_titles_tell_what_they_show(bundle: Bundle) -> None:
    charts = [chart for dashboard in bundle.dashboards for chart in dashboard.charts]
    assert len({chart.uuid for chart in charts}) == len(charts)
    titles = {chart.title for chart in charts}
    assert titles > {
        "Revenue",
        "Revenue over time",
        "Orders by weekday and channel",
        "Open tickets by topic, largest 10",
    }
    assert titles > {"Orders by country and channel", "Tickets, open tickets and score by topic"}


def test_rows_fill_the_grid_and_every_chart_has_its_place(orders: Dashboard) -> None:
    ids = {chart.uuid: number for number, chart in enumerate(orders.charts, start=100)}
    tree = position(orders, ids)
    placed = [one["meta"] for one in tree.values() if isinstance(one, dict) and one["type"] == "CHART"]
    assert {UUID(meta["uuid"]): meta["chartId"] for meta in placed} == ids
    for row in orders.rows:
        assert sum(cell.width for cell in row) == COLUMNS
    for name, one in tree.items():
        if isinstance(one, dict) and name != "HEADER_ID":
            assert all(tree[child]["parents"][-1] == name for child in one.get("children", []))


def test_filters_do_not_touch_the_chart_that_speaks_of_all_data(orders: Dashboard) -> None:
    ids = {chart.uuid: number for number, chart in enumerate(orders.charts, start=100)}
    filters = metadata(orders, ids, 7)["native_filter_configuration"]
    assert [one["name"] for one in filters] == ["Period", "Grain", "Country", "Channel"]
    (trust,) = [chart for chart in orders.charts if chart.key == "trust"]
    assert all(one["scope"]["excluded"] == [ids[trust.uuid]] for one in filters)
    (within,) = [one for one in filters if one["cascadeParentIds"]]
    assert (within["name"], within["cascadeParentIds"]) == ("Channel", ["NATIVE_FILTER-country"])


def test_every_chart_and_every_list_has_its_queries(bundle: Bundle, orders: Dashboard) -> None:
    for chart in orders.charts:
        for query in query_context(chart, 7, dashboard=orders)["queries"]:
            if chart.key == "trust":
                assert "time_range" not in query
            else:
                assert query["time_range"] == "2017-09-04 : 2017-11-27"
                assert query["extras"]["time_grain_sqla"] == "P1W"
    columns = [context["queries"][0]["columns"] for context in filter_contexts(orders, 7)]
    assert columns == [["country"], ["channel"]]
    (table,) = [chart for key, chart in charts_of(bundle, "table").items() if key != "trust"]
    assert len(query_context(table, 7, dashboard=None)["queries"]) == 2  # its totals are asked, not added up


def test_cents_are_left_out_where_values_add_up_and_kept_in_an_average(bundle: Bundle) -> None:
    totals = charts_of(bundle, "pop_kpi")
    assert totals["kpi-revenue"].form["y_axis_format"] == "$,.0f"
    assert totals["kpi-order_value"].form["y_axis_format"] == "$,.2f"
    assert {total.form["time_compare"] for total in totals.values()} == {"inherit"}


@pytest.mark.parametrize(("metric", "additive"), [("revenue", True), ("order_value", False)])
def test_a_pivot_adds_up_only_what_may_be_summed(catalog: Catalog, metric: str, additive: bool) -> None:
    page = Page("orders", "gold.orders", "order_day", "P1W", catalog.metrics_of("gold.orders"), compared=True)
    form = Pivot(pivot=metric, rows=["country"], columns=["channel"]).form(page)
    assert (form["rowTotals"], form["colTotals"]) == (additive, additive)


def test_a_table_that_reaches_no_day_is_shown_whole_and_not_compared(repository: Path, catalog: Catalog) -> None:
    timeless = replace(catalog, reached=dict.fromkeys(catalog.tables))
    orders = compile_checked(repository / COMPANY / "superset", timeless).dashboards[0]
    assert orders.time_range == "No filter"
    numbers = [chart for chart in orders.charts if chart.key.startswith("kpi-")]
    assert {chart.viz_type for chart in numbers} == {"big_number_total"}
    for chart in numbers:
        (query,) = query_context(chart, 7, dashboard=orders)["queries"]
        assert "time_offsets" not in query


def test_a_period_ends_where_the_data_of_its_own_table_does(repository: Path, catalog: Catalog) -> None:
    other = replace(catalog, reached=catalog.reached | {"gold.tickets": date(2071, 11, 10)})
    periods = {one.key: one.time_range for one in compile_checked(repository / COMPANY / "superset", other).dashboards}
    assert periods["orders"] == "2017-09-04 : 2017-11-27"
    assert periods["tickets"] == "2071-08-01 : 2071-11-01"
