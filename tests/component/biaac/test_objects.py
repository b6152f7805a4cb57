"""Compare-and-set on a real storage server."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from biaac import objects
from biaac.clients import storage_client
from biaac.errors import LostRace
from biaac.settings import Settings


def test_an_absent_object_reads_as_none_at_generation_zero(settings: Settings) -> None:
    bucket = storage_client(settings).bucket(settings.ops_bucket)
    assert objects.read(bucket, "nothing") == objects.Versioned(None, objects.ABSENT)


def test_of_sixteen_creators_one_wins(settings: Settings) -> None:
    bucket = storage_client(settings).bucket(settings.ops_bucket)
    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(lambda n: objects.create(bucket, "marker", {"by": n}), range(16)))
    assert won.count(True) == 1


def test_no_increment_of_a_shared_counter_is_lost(settings: Settings) -> None:
    bucket = storage_client(settings).bucket(settings.ops_bucket)

    def increment(_: int) -> None:
        objects.update(bucket, "counter", lambda value: (value or 0) + 1)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(increment, range(80)))
    assert objects.read(bucket, "counter").value == 80


def test_a_stale_writer_gets_an_error_with_both_generations(settings: Settings) -> None:
    bucket = storage_client(settings).bucket(settings.ops_bucket)
    first = objects.replace(bucket, "x", {"n": 1}, expected=objects.ABSENT)
    objects.replace(bucket, "x", {"n": 2}, expected=first.generation)
    with pytest.raises(LostRace) as lost:
        objects.replace(bucket, "x", {"n": 3}, expected=first.generation)
    assert lost.value.expected == first.generation
    assert lost.value.found != first.generation


def test_of_two_writers_of_an_equal_value_one_loses(settings: Settings) -> None:
    bucket = storage_client(settings).bucket(settings.ops_bucket)
    objects.replace(bucket, "x", {"n": 1}, expected=objects.ABSENT)
    with pytest.raises(LostRace):
        objects.replace(bucket, "x", {"n": 1}, expected=objects.ABSENT)
