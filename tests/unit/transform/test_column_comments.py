"""Which comment a column has that a model passes on, and which columns need one of their own."""

import pytest
from sqlglot.schema import MappingSchema
from sqlmesh.core.dialect import parse
from sqlmesh.core.model import Model, load_sql_based_model

from transform import column_comments

VERSIONS = """
MODEL (name silver.versions, kind FULL);
SELECT
  id::BIGINT AS id,                   -- Order.
  amount::DECIMAL(18, 2) AS amount,   -- Money taken.
  load_id::BIGINT AS load_id          -- Load.
FROM raw.orders
"""


def model(text: str) -> Model:
    loaded: Model = load_sql_based_model(
        parse(text, default_dialect="duckdb"), dialect="duckdb", default_catalog="lake", path="x.sql"
    )
    return loaded


def comments(query: str) -> dict[str, str]:
    """Of a model with this query that reads ``silver.versions``, by way of ``silver.orders``."""
    versions = model(VERSIONS)
    orders = model("MODEL (name silver.orders, kind FULL); SELECT id, amount FROM silver.versions")
    gold = model(f"MODEL (name gold.orders, kind FULL); {query}")
    schema = MappingSchema(dialect="duckdb", normalize=False)
    for one in (versions, orders, gold):  # as a SQLMesh context does, so that queries are qualified
        one.update_schema(schema)
        schema.add_table(one.fqn, one.columns_to_types)
    return column_comments.of(gold, {one.fqn: one for one in (versions, orders, gold)})


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id, amount FROM silver.orders",
        "SELECT o.id, o.amount::DOUBLE AS amount FROM silver.orders AS o",
        "SELECT n.id, n.amount FROM (SELECT v.id, v.amount FROM silver.versions AS v WHERE v.load_id > 1) AS n",
        "WITH n AS (SELECT id, amount FROM silver.orders) SELECT id, amount FROM n",
        "SELECT o.id, v.amount FROM silver.orders AS o LEFT JOIN silver.versions AS v ON v.id = o.id",
    ],
)
def test_a_column_passed_on_has_the_comment_of_the_model_it_comes_from(query: str) -> None:
    assert comments(query) == {"id": "Order.", "amount": "Money taken."}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id, SUM(amount) AS amount FROM silver.orders GROUP BY id",
        "SELECT id, n.amount FROM (SELECT id, MAX(amount) AS amount FROM silver.orders GROUP BY id) AS n",
        "SELECT id, amount * 100 AS amount FROM silver.orders",
        "SELECT id, amount AS revenue FROM silver.orders",
        "SELECT id, n.amount FROM (SELECT id, load_id AS amount FROM silver.versions) AS n",
        "SELECT id, n.amount FROM silver.orders JOIN (SELECT 1 AS amount UNION ALL SELECT 2 AS amount) AS n ON TRUE",
    ],
)
def test_a_column_that_a_model_makes_or_renames_needs_a_comment_of_its_own(query: str) -> None:
    assert comments(query) == {"id": "Order."}


def test_a_comment_of_its_own_comes_first() -> None:
    query = """
    SELECT
      id,
      amount -- Money taken, US dollars.
    FROM silver.orders
    """
    assert comments(query) == {"id": "Order.", "amount": "Money taken, US dollars."}
