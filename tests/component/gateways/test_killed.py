"""The job is killed (SIGKILL) before chosen statements and writes on gateway gcp, run again, and Gold is the laptop's.

DuckLake commits each statement by itself, and what a dead run has uploaded stays behind as an orphan.
A few points are drawn by the seed each time (BIAAC_SEED repeats them); BIAAC_KILLS=all takes every one.
"""

import os
import random

from tests.component.gateways.conftest import same_gold
from tests.component.transform.test_killed import POINTS, Source
from tests.component.transform.warehouse import ORDERS, Warehouse

ALL = os.environ.get("BIAAC_KILLS") == "all"


def test_killed_at_any_point_with_two_loads_pending_gold_is_the_laptops(
    cloud: Warehouse, laptop: Warehouse, seed: int
) -> None:
    """Deaths while the first load is built, then a second load arrives, then more deaths."""
    chance = random.Random(seed)  # noqa: S311
    source = Source(chance)
    laptop.sync(orders=ORDERS)
    cloud.transform()
    after_admission = POINTS[1:]
    for number in (1, 2):
        source.sync(laptop)
        for point in sorted(chance.sample(after_admission, len(after_admission) if ALL else 2), key=POINTS.index):
            code, output = cloud.attempt(execution="the-same", kill_before=point)
            assert code == -9, f"seed {seed}, load {number}, {point}: {output}"
    cloud.transform(execution="the-same")
    assert cloud.orders() == source.gold_orders(), f"seed {seed}"
    laptop.transform()
    same_gold(cloud, laptop)
