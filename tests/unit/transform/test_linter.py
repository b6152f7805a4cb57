"""Each rule of ``sqlmesh lint`` refuses a model that breaks it."""

from types import SimpleNamespace
from typing import Any

import pytest
from sqlmesh.core.dialect import parse
from sqlmesh.core.linter.rule import Rule
from sqlmesh.core.model import load_sql_based_model

from sqlmesh_project.linter import rules

GOOD = """
MODEL (
  name gold.stores,
  kind FULL,
  grain store_id,
  owner 'shop@example.com',
  description 'Stores.',
  audits (not_null(columns := (store_id)))
);
SELECT
  store_id::BIGINT AS store_id  -- Store.
FROM silver.orders
"""


def violation(rule: type[Rule], text: str) -> str | None:
    context: Any = SimpleNamespace(models_with_tests={"gold.stores"}, models={})
    model = load_sql_based_model(parse(text, default_dialect="duckdb"), dialect="duckdb", default_catalog="lake")
    violation = rule(context).check_model(model)
    assert not isinstance(violation, list)
    return violation.violation_msg if violation else None


@pytest.mark.parametrize(
    ("rule", "right", "wrong", "message"),
    [
        (rules.EveryModelIsDocumented, "  description 'Stores.',\n", "", "gold.stores declares no description."),
        (rules.EveryModelIsDocumented, "  grain store_id,\n", "", "gold.stores declares no grain."),
        (rules.EveryColumnHasAComment, "  -- Store.", "", "gold.stores has no comment on store_id"),
        (rules.EveryStoredModelIsAudited, "audits (not_null(columns := (store_id)))", "cron '@daily'", "has no audit"),
        (rules.OneLayerDown, "silver.orders", "bronze.orders", "reads lake.bronze.orders: not one layer down"),
        (rules.OneLayerDown, "gold.stores", "platinum.stores", "in none of the layers bronze, silver, gold"),
        (rules.GoldHasAUnitTest, "gold.stores", "gold.shops", "gold.shops has no unit test"),
    ],
)
def test_a_rule_lets_a_good_model_pass_and_names_what_is_wrong(
    rule: type[Rule], right: str, wrong: str, message: str
) -> None:
    assert violation(rule, GOOD) is None
    assert message in (violation(rule, GOOD.replace(right, wrong)) or "")
