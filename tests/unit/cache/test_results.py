"""Answers kept in memory, and one run for one question."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cache_service.results import Lru, SingleFlight
from tests.conftest import wait_for


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 40))))
def test_the_weight_never_exceeds_the_capacity_and_is_what_is_held(puts: list[tuple[int, int]]) -> None:
    lru: Lru[int] = Lru(100)
    for key, weight in puts:
        lru.put(key, weight, weight)
        assert lru.weight <= 100
        assert lru.weight == sum(lru.values())


def test_the_least_recently_used_leaves_first() -> None:
    lru: Lru[str] = Lru(8)
    for key in "abcdefgh":
        lru.put(key, key)
    assert lru.get("a") == "a"
    lru.put("i", "i")
    assert lru.get("b") is None
    assert lru.get("a") == "a"


def test_a_value_that_would_push_out_most_of_the_others_is_not_kept() -> None:
    lru: Lru[str] = Lru(80)
    lru.put("large", "x", 11)
    assert lru.get("large") is None


def test_a_question_asked_by_many_at_once_runs_once() -> None:
    flights: SingleFlight[int] = SingleFlight()
    go, calls, callers = threading.Event(), [], []

    def call() -> int:
        calls.append(1)
        go.wait()
        return 42

    def caller(_number: int) -> tuple[int, bool]:
        callers.append(1)
        return flights.do("key", call)

    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(caller, range(8))
        wait_for(lambda: calls and len(callers) == 8, what="one is running, the others have come")
        go.set()
        answers = list(answers)
    assert {value for value, _ in answers} == {42}
    assert sum(ran for _, ran in answers) == len(calls)  # a latecomer after the end runs its own
    assert len(calls) < 8


def test_those_who_wait_hear_of_the_failure_and_the_next_tries_again() -> None:
    flights: SingleFlight[int] = SingleFlight()

    def fail() -> int:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        flights.do("key", fail)
    assert flights.do("key", lambda: 1) == (1, True)
