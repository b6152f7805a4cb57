"""The same statement gives the same rows here and in DuckDB over the same files."""

import random
from typing import Any

import pytest

from tests.component.cache.conftest import Standing

STATEMENTS = [
    "SELECT * FROM gold.orders ORDER BY order_id",
    "SELECT * FROM gold.products ORDER BY product_id",
    "SELECT * FROM gold.empty",
    "SELECT count(*) AS n, sum(amount) AS s, max(name) AS m FROM gold.empty",
    "SELECT count(*) AS n, count(channel) AS d, count(DISTINCT product_id) AS p FROM gold.orders",
    "SELECT sum(amount) AS r, min(amount) AS low, max(amount) AS high FROM gold.orders WHERE quantity IS NULL",
    "SELECT channel, sum(amount) AS r FROM gold.orders GROUP BY channel ORDER BY channel NULLS LAST",
    "SELECT date_trunc('month', ordered_at) AS month, sum(quantity) AS q FROM gold.orders GROUP BY 1 ORDER BY 1",
    "SELECT p.name, sum(s.amount) AS r FROM gold.orders AS s LEFT JOIN gold.products AS p USING (product_id)"
    " GROUP BY p.name ORDER BY p.name NULLS LAST",
    "WITH d AS (SELECT ordered_on, sum(amount) AS r FROM gold.orders GROUP BY 1)"
    " SELECT ordered_on, r, sum(r) OVER (ORDER BY ordered_on) AS running FROM d ORDER BY 1",
    "SELECT order_id FROM gold.orders WHERE channel = 'Balcão ☎' ORDER BY amount DESC LIMIT 3",
    "SELECT order_id FROM gold.orders WHERE product_id IN (SELECT product_id FROM gold.products WHERE product_id > 4)"
    " ORDER BY 1",
    "SELECT channel, quantity FROM gold.orders WHERE order_id < 20 UNION SELECT 'x', 1 ORDER BY 1, 2",
]


@pytest.mark.parametrize("sql", STATEMENTS)
def test_an_answer_is_duckdbs(standing: Standing, sql: str) -> None:
    assert standing.cache.rows(sql) == duckdb_rows(standing, sql)


def test_dashboard_like_statements_at_random_give_duckdbs_answers(standing: Standing, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    for _ in range(60):
        sql = statement(chance)
        assert standing.cache.rows(sql) == duckdb_rows(standing, sql), sql


def statement(chance: random.Random) -> str:
    """Groups, measures, filters and order as a chart has them."""
    groups = chance.sample(
        ["channel", "product_id", "ordered_on", "date_trunc('week', ordered_at)"], chance.randint(0, 2)
    )
    measures = chance.sample(
        ["sum(amount)", "count(*)", "count(DISTINCT product_id)", "max(ordered_at)", "sum(quantity)", "min(channel)"],
        chance.randint(1, 3),
    )
    filters = chance.sample(
        [
            f"amount > {chance.randint(-20, 1000)}.5",
            "channel IS NOT NULL",
            f"ordered_on >= DATE '2017-02-{chance.randint(1, 28):02}'",
            f"product_id IN ({chance.randint(0, 6)}, {chance.randint(0, 6)})",
            f"order_id % {chance.randint(2, 9)} = 1",
            "channel LIKE 'W%'",
        ],
        chance.randint(0, 2),
    )
    columns = ", ".join(f"{text} AS c{number}" for number, text in enumerate([*groups, *measures]))
    where = f" WHERE {' AND '.join(filters)}" if filters else ""
    places = ", ".join(str(place) for place in range(1, len(groups) + 1))
    order = ", ".join(f"{place} NULLS FIRST" for place in range(1, len(groups) + 1))
    return f"SELECT {columns} FROM gold.orders{where}" + (f" GROUP BY {places} ORDER BY {order}" if groups else "")


def duckdb_rows(standing: Standing, sql: str) -> list[dict[str, Any]]:
    """DuckDB's rows; the types that differ by name only (HUGEINT sums, dates of date_trunc) compared as values."""
    rows: list[dict[str, Any]] = standing.oracle.execute(sql).to_arrow_table().to_pylist()
    return rows
