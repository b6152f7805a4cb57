"""Waiting for a fact of another service, and for no longer than is allowed."""

import time
from collections.abc import Callable
from typing import TypeVar

from biaac.errors import TransientError

POLL_S = 0.5  # Google's APIs allow hundreds of reads a minute; a person does not notice half a second

Fact = TypeVar("Fact")


def until(
    look: Callable[[], Fact | None], *, seconds: float, what: str, hint: str | None = None, every: float = POLL_S
) -> Fact:
    """Call ``look`` until it returns a fact (not None, not False); ``TransientError`` after ``seconds`` without one.

    It looks once at least. ``waiting.until(lambda: ended(execution), seconds=900, what="job transform has ended")``
    """
    end = time.monotonic() + seconds
    while not (fact := look()):
        if time.monotonic() >= end:
            raise TransientError(f"{what}: not after {seconds:.0f} s", hint=hint)
        time.sleep(every)  # between two looks at a fact, bounded above
    return fact
