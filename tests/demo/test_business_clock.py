"""The business clock of the grocery source."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from connections.sources.grocery.source_grocery.business_clock import CLOSING, OPENING, by_month, window

START = date(2017, 1, 1)


def test_the_first_sync_delivers_everything_before_the_opening() -> None:
    assert window(delivered_before=None, start=START, through=None) == (START, OPENING)


def test_a_first_sync_that_broke_off_goes_on_to_the_opening() -> None:
    begun = date(2017, 6, 1)
    assert window(delivered_before=begun, start=START, through=None) == (begun, OPENING)


def test_each_later_sync_delivers_one_day_until_the_data_ends() -> None:
    reached, days = OPENING, 0
    while (following := window(delivered_before=reached, start=START, through=None)[1]) != reached:
        assert following - reached == timedelta(days=1)
        reached, days = following, days + 1
    assert (reached, days) == (CLOSING, 32)


def test_through_delivers_up_to_the_end_of_that_day_and_never_goes_back() -> None:
    day = date(2017, 12, 10)
    assert window(delivered_before=OPENING, start=START, through=day) == (OPENING, date(2017, 12, 11))
    assert window(delivered_before=CLOSING, start=START, through=day) == (CLOSING, CLOSING)
    assert window(delivered_before=None, start=START, through=date(2030, 1, 1)) == (START, CLOSING)


DAYS = st.dates(date(2017, 1, 1), CLOSING)


@given(DAYS, DAYS)
def test_months_cover_a_window_without_gap_or_overlap(one: date, other: date) -> None:
    begin, end = sorted((one, other))
    parts = list(by_month(begin, end))
    assert [part[0] for part in parts] == ([begin] + [part[1] for part in parts[:-1]] if parts else [])
    assert (parts[-1][1] if parts else begin) == end
    assert all(first < last for first, last in parts)
    assert all(first.month == (last - timedelta(days=1)).month for first, last in parts)
