"""What Superset's chart data API answers, against DuckDB over the same lines."""

from datetime import UTC, datetime

import pytest

from superset.assets.files import GRAINS
from tests.component.superset.conftest import ROWS, Superset

WEEKS = "2017-08-28 : 2017-11-27"  # the thirteen whole weeks before the last line, which is of 2017-12-03
IN_WEEKS = "sale_date >= DATE '2017-08-28' AND sale_date < DATE '2017-11-27'"
PERIOD = {"col": "sale_date", "op": "TEMPORAL_RANGE", "val": WEEKS}


def test_totals_are_those_of_sql(superset: Superset) -> None:
    metrics = ["revenue", "baskets", "households", "basket_value", "discount_rate"]
    (row,) = superset.ask({"metrics": metrics, "filters": [PERIOD]})["data"]
    ((revenue, baskets, households, discounts),) = superset.truth(
        "SELECT sum(revenue), count(DISTINCT basket_id), count(DISTINCT household_id),"
        f" sum(loyalty_discount + coupon_discount) FROM sales WHERE {IN_WEEKS}"
    )
    assert (row["revenue"], row["baskets"], row["households"]) == (float(revenue), baskets, households)
    assert row["basket_value"] == pytest.approx(float(revenue) / baskets, abs=1e-6)
    assert row["discount_rate"] == pytest.approx(float(discounts) / float(revenue + discounts), abs=1e-6)


def test_groups_and_a_filter_are_those_of_sql(superset: Superset) -> None:
    chosen = {"col": "income", "op": "IN", "val": ["50-74K", "Under 15K"]}
    rows = superset.ask({"metrics": ["revenue"], "columns": ["department", "brand"], "filters": [PERIOD, chosen]})
    expected = superset.truth(
        f"SELECT department, brand, sum(revenue) FROM sales WHERE {IN_WEEKS} AND income IN ('50-74K', 'Under 15K')"
        " GROUP BY ALL"
    )
    found = {(row["department"], row["brand"]): row["revenue"] for row in rows["data"]}
    assert found == {(department, brand): float(revenue) for department, brand, revenue in expected}


@pytest.mark.parametrize("column", ["sale_date", "sold_at"])
@pytest.mark.parametrize("grain", GRAINS)
def test_every_grain_has_the_buckets_of_sql(superset: Superset, grain: str, column: str) -> None:
    axis = {
        "columnType": "BASE_AXIS",
        "sqlExpression": column,
        "label": column,
        "expressionType": "SQL",
        "timeGrain": GRAINS[grain],
    }
    rows = superset.ask({"metrics": ["lines"], "columns": [axis]})["data"]
    found = {datetime.fromtimestamp(row[column] / 1000, UTC).replace(tzinfo=None): row["lines"] for row in rows}
    expected = superset.truth(
        f"SELECT CAST(date_trunc('{grain}', {column}) AS TIMESTAMP), count(*) FROM sales GROUP BY 1"
    )
    assert found == dict(expected)
    assert sum(found.values()) == ROWS


def test_weekday_and_hour_are_those_of_the_receipt(superset: Superset) -> None:
    rows = superset.ask({"metrics": ["lines"], "columns": ["weekday", "hour"]})["data"]
    expected = superset.truth(
        "SELECT isodow(sold_at) || ' ' || left(dayname(sold_at), 3), hour(sold_at), count(*) FROM sales GROUP BY ALL"
    )
    assert {(row["weekday"], row["hour"], row["lines"]) for row in rows} == set(expected)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT nope FROM gold.sales", 'There is no column "nope".'),
        ("SELECT 1 FROM gold.nope", 'There is no table "gold.nope" in this release.'),
        ("SELECT * FROM gold.sales WHERE brand ~ '('", "Invalid regex"),
    ],
)
def test_an_error_is_told_in_the_words_of_the_service(superset: Superset, sql: str, words: str) -> None:
    client = superset.client()
    databases = client.get("/api/v1/database/").raise_for_status().json()["result"]
    body = {"database_id": databases[0]["id"], "sql": sql, "runAsync": False, "schema": "gold"}
    answer = client.post("/api/v1/sqllab/execute/", json=body)
    said = answer.json()["errors"][0]["message"]
    assert words in said
    assert "gRPC" not in said
    assert "Traceback" not in said


def test_sql_lab_lists_schemas_tables_and_columns(superset: Superset) -> None:
    client = superset.client()
    (database,) = client.get("/api/v1/database/").raise_for_status().json()["result"]
    base = f"/api/v1/database/{database['id']}"
    assert set(client.get(f"{base}/schemas/").raise_for_status().json()["result"]) == {"biaac", "gold"}
    tables = client.get(f"{base}/tables/", params={"q": "(schema_name:gold)"}).raise_for_status().json()["result"]
    assert [table["value"] for table in tables] == ["sales"]
    columns = client.get(f"{base}/table_metadata/", params={"name": "sales", "schema": "gold"}).raise_for_status()
    types = {column["name"]: column["type"] for column in columns.json()["columns"]}
    assert types["revenue"] == "DECIMAL"
    assert (types["sale_date"], types["sold_at"], types["basket_id"]) == ("DATE", "TIMESTAMP", "BIGINT")
