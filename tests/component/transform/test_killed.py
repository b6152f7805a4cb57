"""The job is killed (SIGKILL) before chosen statements and writes, run again, and nothing is lost or there twice.

Every round brings new orders, corrections, deletions, and orders that move to another month, so that months are
emptied and touched that no new order stands in. What Gold must hold is kept beside it in a dictionary.
"""

import random
from datetime import date, timedelta
from typing import Any

from biaac import objects
from tests.component.transform.warehouse import CHANGED_AT, CUSTOMERS, ORDERS, Row, Warehouse, customer, order, ticket

# Before each kind of object that a run leaves behind, and while it works on its own copy of the lake; in their order.
POINTS = [
    r"^PUT ledger/",
    r"^SQL .*INSERT INTO .*silver__order_versions",
    r"^SQL .*DELETE FROM .*silver__orders.* NOT .*EXISTS",  # emptied months
    r"^PUT gold/",
    r"^PUT lake/.*/state",
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
    """Four deaths a round, each at a later point than the one before, until a run is left alone."""
    chance = random.Random(seed)  # noqa: S311
    source = Source(chance)
    shuffled = chance.sample(POINTS, len(POINTS))
    for round_ in range(0, len(shuffled), 4):
        deaths = sorted(shuffled[round_ : round_ + 4], key=POINTS.index)
        source.sync(stocked)
        for point in deaths:
            code, output = stocked.attempt(execution=f"round-{round_}", kill_before=point)
            assert code == -9, f"{point}: {output}"
            assert objects.read(stocked.lake, "locks/transform").value["owner"]  # left by the dead
        stocked.transform(execution=f"round-{round_}")
        assert stocked.orders() == source.gold_orders(), f"seed {seed}, killed before {deaths}"
        assert stocked.lake_files() == stocked.named_files(), "what the dead have left is gone"
    _equals_a_build_from_nothing(stocked)


def test_killed_in_the_middle_of_a_plan_the_next_run_plans_again(warehouse: Warehouse) -> None:
    warehouse.sync(orders=ORDERS)
    code, output = warehouse.attempt(execution="first", kill_before=r'^SQL .*CREATE OR REPLACE VIEW "lake"\."gold"\.')
    assert code == -9, output
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
