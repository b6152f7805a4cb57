"""What the job is doing: a line for a person as it happens, and a list for the run record."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from biaac.runs import Step


@dataclass
class Counted:
    """What a step may say about itself before it ends."""

    rows: int | None = None


class Steps:
    """The steps of one run, in order."""

    def __init__(self) -> None:
        self.done: list[Step] = []

    @contextmanager
    def step(self, name: str) -> Iterator[Counted]:
        """Time the body; recorded when it fails, too, since that is when a person asks where the time went."""
        counted, began = Counted(), time.perf_counter()
        try:
            yield counted
        finally:
            seconds = round(time.perf_counter() - began, 3)
            self.done.append(Step(name=name, seconds=seconds, rows=counted.rows))
            rows = "" if counted.rows is None else f"  {counted.rows:,} rows"
            say(f"{name:<30} {seconds:6.2f} s{rows}")


def say(line: str) -> None:
    """One line of progress on standard output, at once."""
    print(line, flush=True)
