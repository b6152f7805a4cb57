"""What the job is doing: a line for a person as it happens, and a list for the run record."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from biaac.runs import Step


@dataclass
class StepCount:
    """What a step may record about itself before it ends."""

    rows: int | None = None


class Steps:
    """The steps of one run, in order."""

    def __init__(self) -> None:
        self.done: list[Step] = []

    @contextmanager
    def step(self, name: str) -> Iterator[StepCount]:
        """Time the body. A step that fails is recorded too: a person will ask where the time went."""
        count, began = StepCount(), time.perf_counter()
        try:
            yield count
        finally:
            seconds = round(time.perf_counter() - began, 3)
            self.done.append(Step(name=name, seconds=seconds, rows=count.rows))
            rows = "" if count.rows is None else f"  {count.rows:,} rows"
            print_line(f"{name:<30} {seconds:6.2f} s{rows}")


def print_line(line: str) -> None:
    """Print one line of progress on standard output, at once."""
    print(line, flush=True)
