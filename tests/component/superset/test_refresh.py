"""Superset follows the release: numbers, periods, caches."""

import json
from typing import Any

from biaac import releases
from tests.component.superset.conftest import ROWS, Superset


def orders(superset: Superset) -> int:
    (row,) = superset.query(metrics=["orders"])["data"]
    return int(row["orders"])


def period(superset: Superset) -> str:
    """What the dashboard's period is at first."""
    ((metadata,),) = superset.stored("SELECT json_metadata FROM dashboards WHERE slug = 'orders'")
    filters = json.loads(metadata)["native_filter_configuration"]
    (time_filter,) = [one for one in filters if one["filterType"] == "filter_time"]
    value: str = time_filter["defaultDataMask"]["filterState"]["value"]
    return value


def test_a_promotion_and_a_rollback_are_seen_at_the_next_request(superset: Superset) -> None:
    old = superset.release
    assert orders(superset) == ROWS
    superset.publish(ROWS + 15)
    assert orders(superset) == ROWS + 15
    superset.apply()  # now dashboards fit it, and a resume may choose it
    releases.roll_back(superset.lake.lake, "prod", old, by="test", reason="test")
    assert superset.query(metrics=["orders"])["is_cached"]  # the answer it gave before
    assert orders(superset) == ROWS
    releases.resume(superset.lake.lake, "prod")
    assert orders(superset) == ROWS + 15


def test_a_refresh_moves_the_period_with_the_data_and_nothing_else(superset: Superset) -> None:
    assert period(superset) == "2017-09-04 : 2017-11-27"
    before = superset.everything()
    old = superset.release
    new = superset.publish(ROWS + 15)  # now an order of Monday, 4 December: the week before is whole
    printed = superset.run("refresh.py", "--release", old).stdout  # it is late: the next promotion has happened
    assert f"release {new} (current now, instead of {old}): 1 changes" in printed
    assert period(superset) == "2017-09-11 : 2017-12-04"
    after = superset.everything()
    assert [name for name in after if after[name] != before[name]] == ["dashboards"]


def test_after_a_refresh_every_chart_answers_from_the_cache(superset: Superset) -> None:
    superset.publish(ROWS + 2)
    superset.apply()
    client = superset.client()
    charts = client.get("/api/v1/dashboard/orders/charts").raise_for_status().json()["result"]
    assert len(charts) >= 10
    for chart in charts:
        context = client.get(f"/api/v1/chart/{chart['id']}").raise_for_status().json()["result"]["query_context"]
        answer = client.post("/api/v1/chart/data", json=with_defaults(json.loads(context), period(superset)))
        assert answer.status_code == 200, answer.text
        for result in answer.json()["result"]:
            assert result["is_cached"], chart["slice_name"]
            assert result["rowcount"] > 0, chart["slice_name"]


def with_defaults(context: dict[str, Any], time_range: str) -> dict[str, Any]:
    """A chart's own queries as the dashboard's filters make them; the chart about the release has none."""
    for query in context["queries"]:
        if query["filters"]:
            query["time_range"] = time_range
            query["extras"]["time_grain_sqla"] = "P1W"
            for column in query["columns"]:
                if isinstance(column, dict):
                    column["timeGrain"] = "P1W"
    return context


def test_the_cache_service_can_answer_every_statement_it_is_left(superset: Superset) -> None:
    release = superset.release
    statements = superset.warm_statements()
    assert len(statements) == len(set(statements)) > 15
    warmed = superset.cache.warm(release)
    assert warmed["statements"] == len(statements)
    assert not warmed.get("failed")


def test_the_page_shows_how_far_the_data_reaches_which_release_it_is_and_its_audits(superset: Superset) -> None:
    release = superset.release
    client = superset.client()
    charts = client.get("/api/v1/dashboard/orders/charts").raise_for_status().json()["result"]
    (chart,) = [one["id"] for one in charts if one["slice_name"] == "Data behind this page"]
    context = client.get(f"/api/v1/chart/{chart}").raise_for_status().json()["result"]["query_context"]
    (row,) = client.post("/api/v1/chart/data", json=json.loads(context)).raise_for_status().json()["result"][0]["data"]
    assert (row["release"], row["audits"], row["rows"]) == (release, "1 of 2 passed", ROWS)
