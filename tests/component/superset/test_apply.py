"""Dashboards from files: made, left alone, renamed, removed, refused."""

from pathlib import Path

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
    assert [(change["action"], change["kind"], change["name"]) for change in planned] == [
        ("update", "chart", "orders/treemap-orders-country-channel"),
        ("update", "dashboard", "orders"),
    ]
    assert planned[0]["fields"] == ["slice_name", "params", "query_context"]
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
