"""Compare-and-set on a real storage server."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from google.cloud.storage import Bucket

from biaac import objects
from biaac.errors import LostRace


def test_of_sixteen_creators_one_wins(ops: Bucket) -> None:
    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(lambda n: objects.create(ops, "marker", {"by": n}), range(16)))
    assert won.count(True) == 1


def test_no_increment_of_a_shared_counter_is_lost(ops: Bucket) -> None:
    def increment(_: int) -> None:
        objects.update(ops, "counter", lambda value: (value or 0) + 1)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(increment, range(80)))
    assert objects.read(ops, "counter").value == 80


def test_a_stale_writer_gets_an_error_with_both_generations(ops: Bucket) -> None:
    first = objects.replace(ops, "x", {"n": 1}, expected=objects.ABSENT)
    objects.replace(ops, "x", {"n": 2}, expected=first.generation)
    with pytest.raises(LostRace) as lost:
        objects.replace(ops, "x", {"n": 3}, expected=first.generation)
    assert lost.value.expected == first.generation
    assert lost.value.found != first.generation


def test_of_two_writers_of_an_equal_value_one_loses(ops: Bucket) -> None:
    objects.replace(ops, "x", {"n": 1}, expected=objects.ABSENT)
    with pytest.raises(LostRace):
        objects.replace(ops, "x", {"n": 1}, expected=objects.ABSENT)
