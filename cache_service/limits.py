"""What front and worker must agree on: the name of the catalogue, and what one worker and one answer may use."""

from dataclasses import dataclass

CATALOG = "lake"


@dataclass(frozen=True)
class Limits:
    """Given to a worker when it starts."""

    memory: int  # bytes, private to the process
    cpu_seconds: int  # of one statement, over all threads
    rows: int  # of one answer
    answer_bytes: int
    partitions: int  # threads of one statement
    spill: str = ""  # a folder of this worker's own
