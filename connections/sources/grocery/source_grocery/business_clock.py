"""The business clock: how far the tills have come when a sync asks.

The data is of 2017, so a sync cannot simply ask for "everything until now". The first sync delivers all before
``OPENING``, each later one the next day, until the last day of the data. ``through`` stops the clock at the end
of a day instead: every sync delivers whatever is missing up to then, at once.
"""

from collections.abc import Iterator
from datetime import date, timedelta

OPENING = date(2017, 12, 1)  # eleven months of history, and a month of daily syncs left to watch
CLOSING = date(2018, 1, 2)  # the day after the last receipt (2018-01-01 04:01:20)
ONE_DAY = timedelta(days=1)


def window(*, delivered_before: date | None, start: date, through: date | None) -> tuple[date, date]:
    """Days ``[begin, end)`` that this sync delivers; empty (``begin == end``) when nothing is left."""
    begin = delivered_before or start
    if through is not None:
        end = through + ONE_DAY
    elif begin < OPENING:
        end = OPENING
    else:
        end = begin + ONE_DAY
    return begin, max(begin, min(end, CLOSING))


def by_month(begin: date, end: date) -> Iterator[tuple[date, date]]:
    """``[begin, end)`` cut at the firsts of months: after each cut a killed sync can be taken up again."""
    while begin < end:
        next_month = (begin.replace(day=1) + timedelta(days=31)).replace(day=1)
        yield begin, min(next_month, end)
        begin = next_month
