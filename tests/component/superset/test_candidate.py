"""A candidate is checked with the dashboards before anybody sees it, and a release brings back those that fit it."""

from datetime import UTC, datetime

import pytest

from biaac import objects, releases, runs
from biaac.runs import Outcome
from tests.component.functions.published import record
from tests.component.superset.conftest import ORDERS, ROWS, TICKETS, Superset
from tests.component.superset.test_apply import edit
from tests.component.superset.test_refresh import period

ONE_DAY_ON = datetime(2017, 12, 4, tzinfo=UTC)  # a Monday: the week before is whole
DASHBOARD = "dashboards/orders.yaml"


def candidate(superset: Superset, *, orders: str = ORDERS, **changed: str) -> str:
    """The next release, as readers would get it, with other SQL of its tables or of its metrics (``changed``)."""
    superset.touched, superset.rows = True, 0
    current = releases.current(superset.lake.lake, "prod")
    assert current is not None
    metrics = [
        metric.model_copy(update={"expression": changed.get(metric.name, metric.expression)})
        for metric in current.metrics
    ]
    tables = {"gold.orders": [orders.format(rows=ROWS + 15)], "gold.tickets": [TICKETS]}
    return superset.lake.candidate(
        {name: query for name, query in tables.items() if name not in changed},
        metrics=metrics,
        freshness=[one.model_copy(update={"data_as_of": ONE_DAY_ON}) for one in current.freshness],
        created_at=datetime.now(UTC),
    )


REFUSED = {
    "a column that charts use was renamed": (
        {"orders": f"SELECT * RENAME (country AS nation) FROM ({ORDERS})"},
        "dashboards/orders.yaml:9: filters.2.select: no column 'country'",
    ),
    "a column that only SQL speaks of is gone": (
        {"orders": f"SELECT * EXCLUDE (ordered_at) FROM ({ORDERS})"},
        "datasets/gold.orders.yaml:5: columns.weekday.sql: no column 'ordered_at'",
    ),
    "a metric does not run": (
        {"revenue": "SUM(amount) + no_function(amount)"},
        "dashboards/orders.yaml:13: layout.0.row.0: chart 'Revenue': ",
    ),
    "a whole has more parts than can be shown": (
        {"orders": f"SELECT * REPLACE (CAST(order_id AS VARCHAR) AS country) FROM ({ORDERS})"},
        "dashboards/orders.yaml:16: layout.1.row.1: chart 'Revenue by country': 100 groups and more",
    ),
    "a table that readers see is gone": (
        {"gold.tickets": ""},
        "dashboards/tickets.yaml:4: model: readers see table 'gold.tickets', release ",
    ),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_candidate_that_breaks_a_dashboard_is_rejected_with_file_and_line(superset: Superset, fault: str) -> None:
    changed, words = REFUSED[fault]
    refused = candidate(superset, **changed)
    record(superset.ops, refused, Outcome.PUBLISHED, refused)
    done = superset.run("refresh.py", "--check", refused, "--execution", refused, check=False)
    assert done.returncode == 2, done.stdout + done.stderr
    run = runs.get(superset.ops, "prod", refused)
    assert run.outcome is Outcome.REJECTED
    for text in (done.stderr, run.message):
        assert words in text
        assert f"dashboards do not fit release {refused}, readers keep the one they have" in text


def test_a_candidate_that_fits_is_remembered_with_its_dashboards_without_starting_superset(superset: Superset) -> None:
    fits = candidate(superset)
    record(superset.ops, fits, Outcome.PUBLISHED, fits)
    done = superset.run("refresh.py", "--check", fits, "--execution", fits)
    assert f"2 dashboards fit release {fits}" in done.stdout
    assert "Loaded your LOCAL configuration" not in done.stdout + done.stderr
    assert runs.get(superset.ops, "prod", fits).outcome is Outcome.PUBLISHED
    digest = objects.read(superset.lake.lake, f"dashboards/prod/{fits}.json").value["digest"]
    texts = objects.read(superset.lake.lake, f"dashboards/{digest}.json").value
    assert texts[DASHBOARD] == (superset.files / DASHBOARD).read_text()


def test_a_dashboard_of_a_table_that_no_release_holds_waits_and_stops_no_other(superset: Superset) -> None:
    text = (superset.files / DASHBOARD).read_text()
    (superset.files / "dashboards/flights.yaml").write_text(text.replace("gold.orders", "gold.flights"))
    edit(superset, "title: {en: Orders", "title: {en: Our orders")
    assert {change["name"] for change in superset.apply()} == {"orders"}
    fits = candidate(superset)
    printed = superset.run("refresh.py", "--check", fits, "--execution", fits).stdout
    assert "dashboards/flights.yaml:4: model: waits: no table 'gold.flights'" in printed
    assert f"2 dashboards fit release {fits}" in printed


def test_going_back_brings_back_the_dashboards_and_the_period_that_fit(superset: Superset) -> None:
    old, before = superset.release, superset.stored("SELECT id, slice_name FROM slices")
    new = candidate(superset, orders=f"SELECT * RENAME (country AS nation) FROM ({ORDERS})")
    file = edit(superset, "country", "nation")
    (superset.files / "datasets/gold.orders.yaml").unlink()
    file.write_text(file.read_text().replace("weekday", "gift"))
    superset.run("refresh.py", "--check", new, "--execution", new)
    releases.promote(superset.lake.lake, "prod", new)
    superset.apply()
    assert period(superset) == "2017-09-11 : 2017-12-04"
    releases.roll_back(superset.lake.lake, "prod", old, by="test", reason="test")
    superset.apply()
    assert period(superset) == "2017-09-04 : 2017-11-27"
    assert dict(superset.stored("SELECT slice_name, 1 FROM slices")) == {name: 1 for _, name in before}
    refused = candidate(superset)  # nobody has checked it: a resume goes to the newest that dashboards fit
    assert releases.resume(superset.lake.lake, "prod").current == new != refused
    superset.apply()
    assert period(superset) == "2017-09-11 : 2017-12-04"
