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
  owner 'retail-data@example.com',
  description 'Stores.',
  audits (not_null(columns := (store_id))),
  column_descriptions (store_id = 'Store.')
);
SELECT store_id::BIGINT AS store_id FROM silver.sales_lines
"""


def said(rule: type[Rule], text: str) -> str | None:
    context: Any = SimpleNamespace(models_with_tests={"gold.stores"})
    model = load_sql_based_model(parse(text, default_dialect="duckdb"), dialect="duckdb", default_catalog="lake")
    found = rule(context).check_model(model)
    assert not isinstance(found, list)
    return found.violation_msg if found else None


@pytest.mark.parametrize(
    ("rule", "right", "wrong", "message"),
    [
        (rules.EveryModelIsDocumented, "  description 'Stores.',\n", "", "gold.stores declares no description."),
        (rules.EveryModelIsDocumented, "  grain store_id,\n", "", "gold.stores declares no grain."),
        (rules.EveryColumnHasAComment, "(store_id = ", "(store = ", "no comment on store_id, a comment on store"),
        (rules.EveryStoredModelIsAudited, "  audits (not_null(columns := (store_id))),\n", "", "has no audit"),
        (rules.OneLayerDown, "silver.sales_lines", "bronze.sales", "reads lake.bronze.sales: not one layer down"),
        (rules.OneLayerDown, "gold.stores", "platinum.stores", "in none of the layers bronze, silver, gold"),
        (rules.GoldHasAUnitTest, "gold.stores", "gold.shops", "gold.shops has no unit test"),
    ],
)
def test_a_rule_lets_a_good_model_pass_and_names_what_is_wrong(
    rule: type[Rule], right: str, wrong: str, message: str
) -> None:
    assert said(rule, GOOD) is None
    assert message in (said(rule, GOOD.replace(right, wrong)) or "")
