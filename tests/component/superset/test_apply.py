"""Dashboards from files: made, left alone, renamed, removed, refused."""

from pathlib import Path

import pytest

from tests.component.superset.conftest import Superset

DASHBOARD = "dashboards/orders.yaml"
WITH_DONUT = ", width: 8}\n      - {donut: revenue, by: country, width: 4}\n"
WITHOUT = "}\n"  # what is left fills the row


def edit(superset: Superset, old: str, new: str) -> Path:
    """Replace text in the dashboard's file."""
    file = superset.files / DASHBOARD
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    return file


def charts(superset: Superset) -> dict[str, int]:
    """Title -> id of every chart."""
    return dict(superset.stored("SELECT slice_name, id FROM slices"))


def test_applying_again_writes_nothing(superset: Superset) -> None:
    before = superset.everything()
    assert superset.apply() == []
    assert superset.everything() == before


def test_a_plan_lists_what_apply_would_do_and_does_nothing(superset: Superset) -> None:
    edit(superset, "top: 10}", "top: 5}")
    before = superset.everything()
    planned = superset.apply(plan=True)
    assert superset.everything() == before
    (change,) = planned
    assert (change["action"], change["kind"]) == ("update", "chart")
    assert change["name"] == "orders/treemap-orders-country-channel"
    assert "params.series_limit: 10 -> 5" in change["fields"]
    assert superset.apply() == planned


def test_a_chart_keeps_its_identity_when_it_is_renamed_and_moved(superset: Superset) -> None:
    before = charts(superset)["Orders by weekday and channel"]
    edit(superset, "title: Orders by weekday and channel", "width: 5, title: When and where")
    superset.apply()
    assert charts(superset)["When and where"] == before


def test_a_chart_that_left_the_file_is_deleted_and_comes_back_with_it(superset: Superset) -> None:
    before = set(charts(superset))
    file = edit(superset, WITH_DONUT, WITHOUT)
    changes = superset.apply()
    assert before - set(charts(superset)) == {"Revenue by country"}
    assert {"action": "delete", "kind": "chart", "name": "Revenue by country", "fields": []} in changes
    file.write_text(file.read_text().replace("top: 2}\n", f"top: 2{WITH_DONUT}"))
    superset.apply()
    assert set(charts(superset)) == before


def test_a_removed_chart_stays_while_a_dashboard_made_by_hand_uses_it(superset: Superset) -> None:
    chart = charts(superset)["Revenue by country"]
    client = superset.client()
    made = client.post("/api/v1/dashboard/", json={"dashboard_title": "By hand"}).raise_for_status().json()["id"]
    client.put(f"/api/v1/chart/{chart}", json={"dashboards": [made]}).raise_for_status()
    edit(superset, WITH_DONUT, WITHOUT)
    superset.apply()
    assert charts(superset)["Revenue by country"] == chart
    client = superset.client()
    client.delete(f"/api/v1/dashboard/{made}").raise_for_status()
    superset.apply()
    assert "Revenue by country" not in charts(superset)


def test_a_dashboard_whose_file_is_gone_is_deleted_with_its_charts_and_datasets(superset: Superset) -> None:
    (superset.files / "dashboards/second.yaml").write_text((superset.files / DASHBOARD).read_text())
    superset.apply()
    with_second = superset.everything()
    (superset.files / "dashboards/second.yaml").unlink()
    deleted = [change["kind"] for change in superset.apply()]
    charts_of_one = deleted.count("chart")
    assert deleted == ["dashboard"] + ["chart"] * charts_of_one
    without = superset.everything()
    assert len(with_second["slices"]) - len(without["slices"]) == charts_of_one > 5
    for name in ("orders", "tickets"):
        (superset.files / f"dashboards/{name}.yaml").unlink()
    superset.apply()
    left = superset.everything()
    assert [len(left[name]) for name in ("dashboards", "slices", "tables")] == [0, 0, 0]


def test_a_file_with_faults_changes_nothing_and_names_each(superset: Superset) -> None:
    file = edit(superset, "row: [revenue, orders,", "row: [revenu, orders,")
    edit(superset, "{select: country}", "{select: countri}")
    before = superset.everything()
    done = superset.run("apply.py", check=False)
    assert done.returncode == 2  # not worth another start
    assert superset.everything() == before
    assert f"{file}:9: filters.2.select: no column 'countri'; did you mean country?" in done.stderr
    assert f"{file}:13: layout.0.row.0.kpi: no metric 'revenu'; did you mean revenue?" in done.stderr


def test_what_people_made_stays_and_what_they_changed_of_ours_is_shown_and_put_back(superset: Superset) -> None:
    client = superset.client()
    ((dashboard, dataset, title),) = superset.stored(
        "SELECT d.id, t.id, dashboard_title FROM dashboards d, tables t WHERE slug = 'orders' AND table_name = 'orders'"
    )
    chart = {"slice_name": "Mine", "viz_type": "table", "datasource_id": dataset, "datasource_type": "table"}
    made = client.post("/api/v1/chart/", json=chart | {"dashboards": [dashboard], "params": "{}"}).raise_for_status()
    metrics = client.get(f"/api/v1/dataset/{dataset}").raise_for_status().json()["result"]["metrics"]
    kept = [{key: one[key] for key in ("id", "metric_name", "expression", "uuid", "extra")} for one in metrics]
    mine = {"metric_name": "mine", "expression": "MAX(amount)"}
    client.put(f"/api/v1/dataset/{dataset}", json={"metrics": [*kept, mine]}).raise_for_status()
    colors = {"label_colors": {}, "shared_label_colors": ["web"], "map_label_colors": {"web": "#000000"}}
    client.put(f"/api/v1/dashboard/{dashboard}/colors?mark_updated=false", json=colors).raise_for_status()
    client.put(f"/api/v1/dashboard/{dashboard}", json={"dashboard_title": "By hand"}).raise_for_status()
    (change,) = [one for one in superset.apply() if one["kind"] == "dashboard"]
    assert f"dashboard_title: 'By hand' -> {title!r}" in change["fields"]
    assert superset.apply() == []
    assert (made.json()["id"], dashboard) in superset.stored("SELECT slice_id, dashboard_id FROM dashboard_slices")
    assert ("mine",) in superset.stored("SELECT metric_name FROM sql_metrics")
    client.delete(f"/api/v1/chart/{made.json()['id']}").raise_for_status()


def test_an_address_that_a_person_has_taken_is_named(superset: Superset) -> None:
    client = superset.client()
    body = {"dashboard_title": "By hand", "slug": "mine"}
    made = client.post("/api/v1/dashboard/", json=body).raise_for_status().json()["id"]
    (superset.files / "dashboards/mine.yaml").write_text((superset.files / DASHBOARD).read_text())
    with pytest.raises(AssertionError, match=r"mine\.yaml: a person's dashboard 'By hand' has the address 'mine'"):
        superset.apply()
    client.delete(f"/api/v1/dashboard/{made}").raise_for_status()


def test_a_chart_that_cannot_run_is_refused_before_anything_is_written(superset: Superset) -> None:
    before = superset.everything()
    dataset = superset.files / "datasets/gold.orders.yaml"
    dataset.write_text(dataset.read_text().replace("date_part('dow'", "no_such_function('dow'"))
    edit(superset, "title: {en: Orders", "title: {en: Our orders")
    with pytest.raises(
        AssertionError, match=r"orders\.yaml:19: layout\.2\.row\.1: chart 'Orders by weekday and channel'"
    ):
        superset.apply()
    assert superset.everything() == before
