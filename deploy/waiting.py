"""The time a step of the deployment may take, and signals that stop it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from biaac.errors import PermanentError


class TooLate(PermanentError):
    """A step of the deployment took longer than it may."""


class Stopped(BaseException):
    """The build is being stopped. Not an ``Exception``: nobody goes on after it by mistake."""


@contextmanager
def within(seconds: int, what: str) -> Iterator[None]:
    """``TooLate`` if the body takes longer; ``Stopped`` if the build is stopped meanwhile.

    Cloud Build ends a step that takes too long without a word. This comes first, so that there is time to go back.
    """

    def too_late(_signum: int, _frame: FrameType | None) -> None:
        raise TooLate(f"{what}: not done after {seconds} s")

    def stopped(signum: int, _frame: FrameType | None) -> None:
        raise Stopped(f"{what}: stopped by {signal.Signals(signum).name}")

    before = signal.signal(signal.SIGALRM, too_late), signal.signal(signal.SIGTERM, stopped)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before[0])
        signal.signal(signal.SIGTERM, before[1])


@contextmanager
def signals_later() -> Iterator[None]:
    """Nothing interrupts the body: a signal that comes meanwhile is delivered after it."""
    came: list[int] = []
    numbers = (signal.SIGALRM, signal.SIGTERM)
    before = {number: signal.signal(number, lambda signum, _frame: came.append(signum)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for signum in came:
        signal.raise_signal(signum)
