"""docs/cost.md is what its prices say, every price has a source and a day, and the total is what was promised."""

import importlib.util
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture(scope="module")
def cost() -> ModuleType:
    """docs/cost.py."""
    path = Path(__file__).parents[3] / "docs/cost.py"
    spec = importlib.util.spec_from_file_location("cost", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def facts(cost: ModuleType) -> dict[str, Any]:
    found: dict[str, Any] = cost.read()
    return found


def total(cost: ModuleType, facts: dict[str, Any], profile: str, airbyte: str, *, in_use: bool) -> float:
    return float(cost.Month(facts, profile, airbyte, in_use=in_use).total())


def test_the_page_is_what_the_prices_say(cost: ModuleType, facts: dict[str, Any], repository: Path) -> None:
    again = ".biaac/envs/dev/bin/python docs/cost.py > docs/cost.md"
    assert (repository / "docs/cost.md").read_text() == cost.page(facts), again


def test_the_first_line_is_the_total_of_the_whole_stack(
    cost: ModuleType, facts: dict[str, Any], repository: Path
) -> None:
    first = (repository / "docs/cost.md").read_text().splitlines()[0]
    for in_use in (False, True):
        assert f"USD {total(cost, facts, 'small', 'job', in_use=in_use):.0f} " in first


def test_every_price_says_where_and_when_it_was_read_and_how_sure_it_is(facts: dict[str, Any]) -> None:
    for name, price in facts["prices"].items():
        assert set(price) == {"usd", "per", "free", "source", "seen", "how"}, name
        assert price["source"].startswith("https://"), name
        assert isinstance(price["seen"], date), name
        assert price["how"] in {"page", "quoted", "memory"}, name


def test_at_rest_the_small_stack_stays_under_fifteen_dollars(cost: ModuleType, facts: dict[str, Any]) -> None:
    at_rest = total(cost, facts, "small", "job", in_use=False)
    assert 0 < at_rest < 15
    database = cost.Month(facts, "small", "job", in_use=False).items()["database"]
    assert database > at_rest / 2, "the database is what runs at rest"


@pytest.mark.parametrize("profile", ["small", "team"])
@pytest.mark.parametrize("in_use", [False, True])
def test_our_own_ingestion_is_the_cheapest_choice(
    cost: ModuleType, facts: dict[str, Any], profile: str, in_use: bool
) -> None:
    ours = total(cost, facts, profile, "job", in_use=in_use)
    assert ours < total(cost, facts, profile, "cloud", in_use=in_use)
    assert ours < total(cost, facts, profile, "self_managed", in_use=in_use)


def test_nothing_that_scales_to_zero_costs_anything_at_rest(cost: ModuleType, facts: dict[str, Any]) -> None:
    items = cost.Month(facts, "small", "job", in_use=False).items()
    assert (items["services"], items["jobs"], items["airbyte"]) == (0, 0, 0)
    assert cost.Month(facts, "team", "job", in_use=False).items()["services"] > 0, "minimum instances wait for pay"


def test_amounts_within_a_free_tier_cost_nothing_and_beyond_it_only_what_is_beyond(cost: ModuleType) -> None:
    price = {"usd": 2.0, "free": 10}
    month = object.__new__(cost.Month)
    month.prices = {"thing": price}
    assert [month._cost({"thing": amount}) for amount in (0, 10, 11)] == [0, 0, 2]
