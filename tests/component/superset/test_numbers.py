"""What Superset's chart data API answers, against DuckDB over the same lines."""

from datetime import UTC, datetime

import pytest

from charts.kind import GRAINS
from tests.component.superset.conftest import ROWS, Superset

WEEKS = "2017-09-04 : 2017-11-27"  # the twelve whole weeks before the last order, which is of 2017-12-03
IN_WEEKS = "order_day >= DATE '2017-09-04' AND order_day < DATE '2017-11-27'"
PERIOD = {"col": "order_day", "op": "TEMPORAL_RANGE", "val": WEEKS}


def test_totals_are_those_of_sql(superset: Superset) -> None:
    (row,) = superset.query(metrics=["revenue", "orders", "order_value"], filters=[PERIOD])["data"]
    ((revenue, orders),) = superset.expected(f"SELECT sum(amount), count(*) FROM orders WHERE {IN_WEEKS}")
    assert (row["revenue"], row["orders"]) == (float(revenue), orders)
    assert row["order_value"] == pytest.approx(float(revenue) / orders, abs=1e-6)


def test_groups_and_a_filter_are_those_of_sql(superset: Superset) -> None:
    chosen = {"col": "country", "op": "IN", "val": ["Portugal", "Spain"]}
    result = superset.query(metrics=["revenue"], columns=["channel", "gift"], filters=[PERIOD, chosen])
    expected = superset.expected(
        f"SELECT channel, gift, sum(amount) FROM orders WHERE {IN_WEEKS} AND country IN ('Portugal', 'Spain')"
        " GROUP BY ALL"
    )
    answered = {(row["channel"], row["gift"]): row["revenue"] for row in result["data"]}
    assert answered == {(channel, gift): float(revenue) for channel, gift, revenue in expected}
    assert (None, True) in answered  # orders of no channel are a group too


def test_others_hold_the_rest_so_that_parts_make_the_whole(superset: Superset) -> None:
    top = {"series_columns": ["channel"], "series_limit": 1, "series_limit_metric": "revenue"}
    columns = ["country", "channel"]
    rows = superset.query(metrics=["revenue"], columns=columns, group_others_when_limit_reached=True, **top)["data"]
    assert len(rows) <= 6 and "Others" in {row["channel"] for row in rows}
    for country, revenue in superset.expected("SELECT country, sum(amount) FROM orders GROUP BY ALL"):
        parts = sum(row["revenue"] for row in rows if row["country"] == country)
        assert parts == pytest.approx(float(revenue), abs=0.005)


@pytest.mark.parametrize("column", ["order_day", "ordered_at"])
@pytest.mark.parametrize("grain", GRAINS)
def test_every_grain_has_the_buckets_of_sql(superset: Superset, grain: str, column: str) -> None:
    axis = {
        "columnType": "BASE_AXIS",
        "sqlExpression": column,
        "label": column,
        "expressionType": "SQL",
        "timeGrain": GRAINS[grain],
    }
    rows = superset.query(metrics=["orders"], columns=[axis])["data"]
    buckets = {datetime.fromtimestamp(row[column] / 1000, UTC).replace(tzinfo=None): row["orders"] for row in rows}
    expected = superset.expected(
        f"SELECT CAST(date_trunc('{grain}', {column}) AS TIMESTAMP), count(*) FROM orders GROUP BY 1"
    )
    assert buckets == dict(expected)
    assert sum(buckets.values()) == ROWS


def test_a_derived_column_is_that_of_sql(superset: Superset) -> None:
    rows = superset.query(metrics=["orders"], columns=["weekday"])["data"]
    expected = superset.expected(
        "SELECT isodow(ordered_at) || ' ' || left(dayname(ordered_at), 3), count(*) FROM orders GROUP BY ALL"
    )
    assert {(row["weekday"], row["orders"]) for row in rows} == set(expected)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT nope FROM gold.orders", 'There is no column "nope".'),
        ("SELECT 1 FROM gold.nope", 'There is no table "gold.nope" in this release.'),
        ("SELECT * FROM gold.orders WHERE channel ~ '('", "Invalid regex"),
    ],
)
def test_an_error_is_in_the_words_of_the_service(superset: Superset, sql: str, words: str) -> None:
    client = superset.client()
    databases = client.get("/api/v1/database/").raise_for_status().json()["result"]
    body = {"database_id": databases[0]["id"], "sql": sql, "runAsync": False, "schema": "gold"}
    answer = client.post("/api/v1/sqllab/execute/", json=body)
    message = answer.json()["errors"][0]["message"]
    assert words in message
    assert "gRPC" not in message
    assert "Traceback" not in message


def test_sql_lab_lists_schemas_tables_and_columns(superset: Superset) -> None:
    client = superset.client()
    (database,) = client.get("/api/v1/database/").raise_for_status().json()["result"]
    base = f"/api/v1/database/{database['id']}"
    assert set(client.get(f"{base}/schemas/").raise_for_status().json()["result"]) == {"biaac", "gold"}
    tables = client.get(f"{base}/tables/", params={"q": "(schema_name:gold)"}).raise_for_status().json()["result"]
    assert [table["value"] for table in tables] == ["orders", "tickets"]
    columns = client.get(f"{base}/table_metadata/", params={"name": "orders", "schema": "gold"}).raise_for_status()
    types = {column["name"]: column["type"] for column in columns.json()["columns"]}
    assert types["amount"] == "DECIMAL"
    assert (types["order_day"], types["ordered_at"], types["order_id"]) == ("DATE", "TIMESTAMP", "BIGINT")


def test_sql_lab_keeps_the_limit_that_a_person_writes(superset: Superset) -> None:
    client = superset.client()
    (database,) = client.get("/api/v1/database/").raise_for_status().json()["result"]
    for limit, rows in ((2, 2), (5000, 1000)):
        sql = f"SELECT order_id FROM gold.orders ORDER BY order_id DESC LIMIT {limit}"
        body = {"database_id": database["id"], "sql": sql, "runAsync": False, "schema": "gold", "queryLimit": 1000}
        answer = client.post("/api/v1/sqllab/execute/", json=body).raise_for_status().json()
        assert [row["order_id"] for row in answer["data"]] == list(range(ROWS - 1, ROWS - 1 - rows, -1))
        # when Superset gives the smaller limit here, it is mended there: CacheEngineSpec.execute_with_cursor can go
        assert answer["query"]["limit"] == 1000
