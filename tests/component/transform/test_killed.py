"""The job is killed (SIGKILL) before chosen statements and writes, run again, and nothing is lost or there twice.

Every round brings new orders, corrections, deletions, and orders that move to another month, so that months are
emptied and touched that no new order stands in. What Gold must hold is kept beside it in a dictionary.
"""

import random
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from biaac import objects
from tests.component.transform.warehouse import CHANGED_AT, CUSTOMERS, ORDERS, Row, Warehouse, customer, order, ticket

# Before each write of Silver and Gold, and before each kind of object a run leaves behind; in the order of a run.
POINTS = [
    r"^PUT ledger/",
    r"^SQL .*CREATE OR REPLACE TABLE .*silver__customers",
    r"^SQL .*DELETE FROM .*silver__order_versions",
    r"^SQL .*INSERT INTO .*silver__order_versions",
    r"^SQL .*CREATE .*__temp_silver__orders",
    r"^SQL .*DELETE FROM .*silver__orders",
    r"^SQL .*INSERT INTO .*silver__orders",
    r"^SQL .*DELETE FROM .*silver__orders.* NOT .*EXISTS",  # emptied months
    r"^SQL .*CREATE OR REPLACE TABLE .*gold__customers",
    r"^SQL INSERT INTO .*_intervals",
    r"^PUT gold/",
    r"^PUT manifests/",
    r"^PUT releases/",
    r"^PUT runs/",
]
MONTHS = [date(2026, month, 1) for month in range(1, 13)]


class Source:
    """The shop's orders and customers, and a batch of random changes at a time."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.orders: dict[int, Row] = {row["order_id"]: row for row in ORDERS}
        self.customers = list(CUSTOMERS)
        self.next_order = 100

    def sync(self, warehouse: Warehouse) -> None:
        """Change something and sync both connections."""
        changed = self._change()
        warehouse.sync(orders=changed, customers=self.customers)
        warehouse.sync("support", tickets=[ticket(number, self._day()) for number in (1, 2, 3)])

    def gold_orders(self) -> list[tuple[Any, ...]]:
        """What ``Warehouse.orders`` must show."""
        countries = {row["customer_id"]: row["country"] for row in self.customers}
        return [
            (number, str(_month(row)), f"{row['amount']:.2f}", countries.get(row["customer_id"], "Unknown"))
            for number, row in sorted(self.orders.items())
            if row["deleted_at"] is None
        ]

    def _change(self) -> list[Row]:
        """A few new orders, a few corrected, moved or deleted; sometimes all orders of a month move away."""
        changed = [self._order(self.next_order + n) for n in range(self.chance.randint(0, 3))]
        self.next_order += len(changed)
        for number in self.chance.sample(sorted(self.orders), min(len(self.orders), 3)):
            deleted_at = self.chance.choice([None, None, CHANGED_AT])
            changed.append(self._order(number) | {"deleted_at": deleted_at})
        if self.chance.random() < 0.5:
            month = self.chance.choice([_month(row) for row in self.orders.values()])
            changed += [self._order(number) for number, row in self.orders.items() if _month(row) == month]
        if self.chance.random() < 0.3:
            self.customers[0] = customer(1, self.chance.choice(["Brazil", "Portugal", "Spain"]))
        by_number = {row["order_id"]: row for row in changed}
        self.orders |= by_number
        return list(by_number.values())

    def _order(self, number: int) -> Row:
        amount = self.chance.randint(0, 9999) / 100
        return order(number, self._day(), amount, customer_id=self.chance.choice([1, 2, 3, 77, None]))

    def _day(self) -> date:
        return self.chance.choice(MONTHS) + timedelta(days=self.chance.randint(0, 27))


def test_killed_at_any_point_and_run_again_gold_is_what_a_build_from_nothing_gives(
    stocked: Warehouse, seed: int
) -> None:
    """Five deaths a round, each at a later point than the one before, until a run is left alone."""
    chance = random.Random(seed)  # noqa: S311
    source = Source(chance)
    shuffled = chance.sample(POINTS, len(POINTS))
    for round_ in range(0, len(shuffled), 5):
        deaths = sorted(shuffled[round_ : round_ + 5], key=POINTS.index)
        source.sync(stocked)
        for point in deaths:
            code, output = stocked.attempt(execution=f"round-{round_}", kill_before=point)
            assert code == -9, f"{point}: {output}"
            assert objects.read(stocked.lake, "locks/transform").value["owner"]  # left by the dead
        stocked.transform(execution=f"round-{round_}")
        assert stocked.orders() == source.gold_orders(), f"seed {seed}, killed before {deaths}"
    _equals_a_build_from_nothing(stocked)


def test_killed_at_each_write_of_an_incremental_gold_table_it_is_built_again(stocked: Warehouse) -> None:
    stocked.sync("support", tickets=[ticket(1, "2026-06-05"), ticket(3, "2026-07-01")])  # May is emptied
    for point in (
        r"^SQL .*DELETE FROM .*gold__tickets",
        r"^SQL .*INSERT INTO .*gold__tickets",
        r"^SQL .*DELETE FROM .*gold__tickets.* NOT .*EXISTS",
    ):
        code, output = stocked.attempt(execution="killed", kill_before=point)
        assert code == -9, f"{point}: {output}"
    stocked.transform(execution="killed")
    assert [(row["ticket_id"], str(row["opened_month"])) for row in stocked.rows("gold.tickets")] == [
        (1, "2026-06-01"),
        (2, "2026-06-01"),
        (3, "2026-07-01"),
    ]


def test_a_lost_lake_is_built_again_from_ledger_and_bronze(stocked: Warehouse, seed: int) -> None:
    source = Source(random.Random(seed))  # noqa: S311
    source.sync(stocked)
    shutil.rmtree(Path(stocked.environment["LAKE_STATE_DIR"]))
    stocked.transform()
    assert stocked.orders() == source.gold_orders()


def test_killed_in_the_middle_of_a_plan_the_next_run_plans_again(warehouse: Warehouse) -> None:
    warehouse.sync(orders=ORDERS)
    for point in (
        r"^SQL .*CREATE OR REPLACE TABLE .*gold__customers",
        r'^SQL .*CREATE OR REPLACE VIEW "lake"\."gold"\.',
        r"^SQL UPDATE .*_environments",
    ):
        code, output = warehouse.attempt(execution="first", kill_before=point)
        assert code == -9, f"{point}: {output}"
    warehouse.transform(execution="first")
    assert len(warehouse.orders()) == len([row for row in ORDERS if row["deleted_at"] is None])


def _equals_a_build_from_nothing(warehouse: Warehouse) -> None:
    """The same Bronze as one load of an empty lake: every table has files of the same digests."""
    fresh = warehouse.with_environment(BIAAC_ENVIRONMENT="rebuilt")
    fresh.transform()
    for table in warehouse.release().tables:
        digests = [sorted(file.digest for file in side.manifest(table).files) for side in (warehouse, fresh)]
        assert digests[0] == digests[1], table


def _month(row: Row) -> date:
    day: date = row["ordered_at"].date()
    return day.replace(day=1)
