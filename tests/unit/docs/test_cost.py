"""docs/cost.md is what its prices say."""

import runpy
import subprocess
import sys
from pathlib import Path


def test_the_page_was_made_of_the_prices_there_are(repository: Path) -> None:
    page = subprocess.run([sys.executable, "docs/cost.py"], cwd=repository, capture_output=True, text=True, check=True)
    again = ".biaac/envs/dev/bin/python docs/cost.py > docs/cost.md"
    assert (repository / "docs/cost.md").read_text() == page.stdout, again


def test_amounts_within_a_free_tier_cost_nothing_and_beyond_it_only_what_is_beyond(repository: Path) -> None:
    month = object.__new__(runpy.run_path(str(repository / "docs/cost.py"))["Month"])
    month.prices = {"thing": {"usd": 2.0, "free": 10}}
    assert [month._cost("thing", amount) for amount in (0, 10, 11)] == [0, 0, 2]
