"""The job is killed (SIGKILL) before chosen statements and writes, run again, and nothing is lost or there twice.

Every round brings new lines, corrections, and lines that move to another month, so that months are emptied and
touched that no new line stands in. What Gold must hold is kept beside it in a dictionary.
"""

import random
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from biaac import objects
from tests.component.transform.conftest import FIRST, PRODUCTS, Grocery, Row, line, product

# Before each write of Silver and Gold, and before each kind of object a run leaves behind; in the order of a run.
POINTS = [
    r"^PUT ledger/",
    r"^SQL .*CREATE OR REPLACE TABLE .*silver__products",
    r"^SQL .*DELETE FROM .*silver__sales_line_versions",
    r"^SQL .*INSERT INTO .*silver__sales_line_versions",
    r"^SQL .*CREATE .*__temp_silver__sales_lines",
    r"^SQL .*DELETE FROM .*silver__sales_lines",
    r"^SQL .*INSERT INTO .*silver__sales_lines",
    r"^SQL .*DELETE FROM .*silver__sales_lines.* NOT .*EXISTS",  # emptied months
    r"^SQL .*CREATE OR REPLACE TABLE .*gold__stores",
    r"^SQL .*CREATE OR REPLACE TABLE .*gold__daily_sales",
    r"^SQL INSERT INTO .*_intervals",
    r"^PUT gold/",
    r"^PUT manifests/",
    r"^PUT releases/",
    r"^PUT runs/",
]
MONTHS = [date(2017, month, 1) for month in range(1, 13)]


class Till:
    """The source: its lines by key, and a batch of random changes at a time."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.lines: dict[tuple[int, int], Row] = {(row["basket_id"], row["product_id"]): row for row in FIRST}
        self.products = list(PRODUCTS)
        self.next_basket = 100

    def change(self) -> list[Row]:
        """A few new lines, a few corrected, a few moved; sometimes all lines of a month move away."""
        changed = [self._line(self.next_basket + n) for n in range(self.chance.randint(0, 3))]
        self.next_basket += len(changed)
        known = sorted(self.lines)
        for key in self.chance.sample(known, min(len(known), 3)):
            changed.append(self._line(*key))
        if self.chance.random() < 0.5:
            month = self.chance.choice([_month(row) for row in self.lines.values()])
            changed += [self._line(*key) for key, row in self.lines.items() if _month(row) == month]
        if self.chance.random() < 0.3:
            self.products[0] = product(1, self.chance.choice(["DAIRY", "BAKERY", "DELI"]))
        by_key = {(row["basket_id"], row["product_id"]): row for row in changed}
        self.lines |= by_key
        return list(by_key.values())

    def gold(self) -> list[tuple[Any, ...]]:
        """What ``Grocery.sales`` must show."""
        departments = {row["product_id"]: row["department"] for row in self.products}
        return [
            (basket, number, str(_month(row)), f"{row['sales_value']:.2f}", departments.get(number, "UNKNOWN"))
            for (basket, number), row in sorted(self.lines.items())
        ]

    def _line(self, basket: int, number: int | None = None) -> Row:
        day = self.chance.choice(MONTHS) + timedelta(days=self.chance.randint(0, 27))
        value = self.chance.randint(0, 9999) / 100
        number = number or self.chance.choice([1, 2, 3, 9, 77])
        return line(basket, number, day, value, household_id=self.chance.randint(1, 4), quantity=basket)


def test_killed_at_any_point_and_run_again_gold_is_what_a_build_from_nothing_gives(stocked: Grocery, seed: int) -> None:
    """Five deaths a round, each at a later point than the one before, until a run is left alone."""
    chance = random.Random(seed)  # noqa: S311
    till = Till(chance)
    shuffled = chance.sample(POINTS, len(POINTS))
    for round_ in range(0, len(shuffled), 5):
        deaths = sorted(shuffled[round_ : round_ + 5], key=POINTS.index)
        stocked.sync(till.change(), products=till.products)
        for point in deaths:
            code, output = stocked.attempt(execution=f"round-{round_}", kill_before=point)
            assert code == -9, f"{point}: {output}"
            assert objects.read(stocked.lake, "locks/transform").value["owner"]  # left by the dead
        stocked.transform(execution=f"round-{round_}")
        assert stocked.sales() == till.gold(), f"seed {seed}, killed before {deaths}"
    _equals_a_build_from_nothing(stocked)


def test_a_lost_lake_is_built_again_from_ledger_and_bronze(stocked: Grocery, seed: int) -> None:
    till = Till(random.Random(seed))  # noqa: S311
    stocked.sync(till.change(), products=till.products)
    shutil.rmtree(Path(stocked.environment["LAKE_STATE_DIR"]))
    stocked.transform()
    assert stocked.sales() == till.gold()


def test_killed_in_the_middle_of_a_plan_the_next_run_plans_again(grocery: Grocery) -> None:
    grocery.sync(FIRST)
    for point in (
        r"^SQL .*CREATE OR REPLACE TABLE .*gold__stores",
        r'^SQL .*CREATE OR REPLACE VIEW "lake"\."gold"\.',
        r"^SQL UPDATE .*_environments",
    ):
        code, output = grocery.attempt(execution="first", kill_before=point)
        assert code == -9, f"{point}: {output}"
    grocery.transform(execution="first")
    assert len(grocery.sales()) == len(FIRST)


def _equals_a_build_from_nothing(grocery: Grocery) -> None:
    """The same Bronze as one load of an empty lake: every table has files of the same digests."""
    fresh = grocery.in_environment("rebuilt")
    fresh.transform()
    for table in grocery.release().tables:
        digests = [sorted(file.digest for file in side.manifest(table).files) for side in (grocery, fresh)]
        assert digests[0] == digests[1], table


def _month(row: Row) -> date:
    day: date = row["transaction_timestamp"].date()
    return day.replace(day=1)
