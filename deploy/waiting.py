"""The time a step of the deployment may take, and signals that stop it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from biaac.errors import PermanentError

NUMBERS = (signal.SIGALRM, signal.SIGTERM)


class Stopped(BaseException):
    """The build is being stopped. Not an ``Exception``: nobody goes on after it by mistake."""


@contextmanager
def within(seconds: int, what: str) -> Iterator[None]:
    """``PermanentError`` if the body takes longer; ``Stopped`` if the build is stopped meanwhile.

    Cloud Build ends a step that takes too long without a word. This comes first, so that there is time to go back.
    """

    def came(signum: int, _frame: FrameType | None) -> None:
        if signum == signal.SIGALRM:
            raise PermanentError(f"{what}: not done after {seconds} s")
        raise Stopped(f"{what}: stopped by {signal.Signals(signum).name}")

    before = {number: signal.signal(number, came) for number in NUMBERS}
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def signals_later() -> Iterator[None]:
    """Nothing interrupts the body: a signal that comes meanwhile is delivered after it."""
    came: list[int] = []
    before = {number: signal.signal(number, lambda signum, _frame: came.append(signum)) for number in NUMBERS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for signum in came:
        signal.raise_signal(signum)
