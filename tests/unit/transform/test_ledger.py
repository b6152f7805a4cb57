"""The clock of loads, and what a load's files are."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transform.ledger import SLOT, Admission, BronzeFile, Ledger, load_id_of, next_load_id, slot

NOW = datetime(2026, 11, 24, 6, 2, 30, tzinfo=UTC)
MOMENTS = st.datetimes(min_value=datetime(2026, 11, 1), max_value=datetime(2030, 1, 1), timezones=st.just(UTC))


def file(load_id: int | None, rows: int = 1) -> BronzeFile:
    return BronzeFile(sync=1, generation=0, rows=rows, load_id=load_id)


def test_a_load_id_is_its_slot() -> None:
    assert load_id_of(datetime(2026, 11, 24, 6, 5, tzinfo=UTC)) == 202611240605
    assert slot(202611240605) == datetime(2026, 11, 24, 6, 5, tzinfo=UTC)


def test_the_first_load_stands_ahead_of_the_wall_clock() -> None:
    assert next_load_id(now=NOW, used=[], passed=None) == 202611240605


def test_a_load_stands_behind_every_earlier_one() -> None:
    assert next_load_id(now=NOW, used=[202611240605, 202611240610], passed=None) == 202611240615


def test_a_load_is_never_where_sqlmesh_has_passed_already() -> None:
    """A hand-typed plan, or a ledger lost while the lake was kept: rows of a passed slot would never be read."""
    assert next_load_id(now=NOW, used=[], passed=datetime(2026, 11, 24, 9, 15, tzinfo=UTC)) == 202611240915


@given(now=MOMENTS, used=st.lists(MOMENTS, max_size=3), passed=st.none() | MOMENTS)
def test_a_slot_is_new_ahead_and_on_the_grid(now: datetime, used: list[datetime], passed: datetime | None) -> None:
    on_grid = sorted(load_id_of(m.replace(minute=m.minute - m.minute % 5)) for m in used)
    passed = passed.replace(minute=passed.minute - passed.minute % 5, second=0, microsecond=0) if passed else None
    load_id = next_load_id(now=now, used=on_grid, passed=passed)
    at = slot(load_id)
    assert at > now and at.minute % 5 == 0
    assert all(at >= slot(load) + SLOT for load in on_grid)
    assert passed is None or at >= passed


def test_a_ledger_survives_its_own_json() -> None:
    admission = Admission(job=1, load_id=202611240605, finished_at=NOW)
    ledger = Ledger(admissions={"shop": [admission]}, streams={"shop/orders": {"a": file(None)}})
    assert Ledger.model_validate(ledger.model_dump(mode="json", exclude_defaults=True)) == ledger


def test_files_are_those_of_the_asked_loads_that_have_rows() -> None:
    ledger = Ledger(streams={"s": {"a": file(1), "b": file(2), "c": file(2), "d": file(None), "e": file(2, rows=0)}})
    assert ledger.files_by_load("s", first=1, last=2) == {1: ["a"], 2: ["b", "c"]}
    assert ledger.files_by_load("s", first=2, last=2) == {2: ["b", "c"]}
    assert ledger.latest_files("s") == {2: ["b", "c"]}


@pytest.mark.parametrize("stream", ["never/seen", "s"])
def test_a_stream_without_files_has_none(stream: str) -> None:
    ledger = Ledger(streams={"s": {"d": file(None)}})
    assert ledger.files_by_load(stream, first=0, last=10**12) == ledger.latest_files(stream) == {}
