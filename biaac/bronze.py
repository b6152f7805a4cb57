"""The name of a Bronze object, as Airbyte's destination-gcs 1.0 writes it.

    gs://BRONZE/<connection>/<stream>/<YYYY_MM_DD>_<epoch ms>_<part>.parquet

The epoch is when the sync, or the attempt of it, started by the clock of Airbyte's destination; the date is its day in
UTC. Where a name is taken, Airbyte appends -1, -2 ... behind the extension. An object with any other name is foreign:
no room reads it, none deletes it, and it stops nothing.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

FOREIGN_HINT = "no sync wrote it and nothing reads it: move it out of the Bronze bucket"

# An epoch of 13 digits reaches to the year 2286; with more of them a name is no time.
_NAME = re.compile(
    r"([a-z][a-z0-9_]{1,39})/(.+)/\d{4}_\d\d_\d\d_(\d{10,13})_(\d{1,9})\.parquet(?:-(\d{1,9}))?", re.ASCII
)


@dataclass(frozen=True)
class ObjectName:
    """One object of one stream, written by one sync. ``copy`` is Airbyte's counter for a name that was taken.

    >>> str(ObjectName("shop", "orders", epoch_ms=1795474109913, part=0))
    'shop/orders/2026_11_23_1795474109913_0.parquet'
    """

    connection: str
    stream: str
    epoch_ms: int
    part: int
    copy: int = 0

    def __str__(self) -> str:
        copy = f"-{self.copy}" if self.copy else ""
        return f"{prefix(self.connection, self.stream, self.epoch_ms)}{self.part}.parquet{copy}"

    @property
    def started_at(self) -> datetime:
        """When the sync started."""
        return datetime.fromtimestamp(self.epoch_ms / 1000, UTC)


def parse(name: str) -> ObjectName | None:
    """The parts of an object's name; None where it is foreign.

    >>> parse("shop/orders/2026_11_23_1795474109913_12.parquet-1")
    ObjectName(connection='shop', stream='orders', epoch_ms=1795474109913, part=12, copy=1)
    >>> parse("shop/orders/backfill.parquet")
    """
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    connection, stream, epoch_ms, part, copy = match.groups()
    return ObjectName(connection, stream, int(epoch_ms), int(part), int(copy or 0))


def folder(connection: str, stream: str) -> str:
    """What the names of all objects of a stream begin with."""
    return f"{connection}/{stream}/"


def prefix(connection: str, stream: str, epoch_ms: int) -> str:
    """What the names of all objects begin with that one sync writes of a stream."""
    day = datetime.fromtimestamp(epoch_ms / 1000, UTC)
    return f"{folder(connection, stream)}{day:%Y_%m_%d}_{epoch_ms}_"
