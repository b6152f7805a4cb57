"""The name of a Bronze object, as Airbyte's destination-gcs 1.0 writes it.

    gs://BRONZE/<connection>/<stream>/<YYYY_MM_DD>_<epoch ms>_<part>.parquet

The epoch is when the sync, or the attempt of it, started by the clock of Airbyte's destination; the date is its day in
UTC. Where a name is taken, Airbyte appends -1, -2 ... behind the extension. An object with any other name is foreign:
no room reads it, none deletes it, and it stops nothing.

A column is named as its field, made safe (``column_name``); where two fields would share a name, ``columns`` decides.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

COLUMNS_KEY = "biaac.columns"  # in the metadata of a file that we wrote: its fields and columns, as JSON
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


def column_name(field: str) -> str:
    """A source's field as a column: without accents, letters, digits and underscores, no digit in front.

    A name that Bronze has a meaning for is passed by: ``_airbyte_raw_id`` is the column ``source_airbyte_raw_id``.

    >>> column_name("Updated At"), column_name("2nd"), column_name("load_id")
    ('Updated_At', '_2nd', 'source_load_id')
    """
    safe = _safe(field)
    if safe.lower() == "load_id" or safe.lower().startswith("_airbyte_"):
        return f"source_{safe.lstrip('_')}"
    return safe


def columns(fields: Iterable[str]) -> dict[str, str]:
    """Field -> column, no two columns alike, capitals or not (engines read ``ID`` and ``id`` as one).

    A field that needs no change keeps its name, one in small letters first; of others the first by the alphabet has
    the plain column, the next has _2 behind it. The order in which a source lists its fields does not count.

    >>> columns(["ID", "id", "a b", "a-b"])
    {'ID': 'ID_2', 'id': 'id', 'a b': 'a_b', 'a-b': 'a_b_2'}
    """
    named: dict[str, str] = {}
    taken: set[str] = set()
    listed = list(fields)
    for field in sorted(listed, key=lambda name: (column_name(name) != name, name != name.lower(), name)):
        plain = column = column_name(field)
        count = 1
        while column.lower() in taken:
            count += 1
            column = f"{plain}_{count}"
        taken.add(column.lower())
        named[field] = column
    return {field: named[field] for field in listed}


def column_of(field: str, metadata: Mapping[bytes, bytes] | None) -> str:
    """The column of a field in a file with this metadata: as its writer says, or by the rule of its name."""
    written = json.loads((metadata or {}).get(COLUMNS_KEY.encode(), b"{}"))
    return str(written.get(field, column_name(field)))


def renamed(named: dict[str, str]) -> dict[str, str]:
    """Of ``columns``, those that are not their field made safe: that name has a meaning of its own, or is taken."""
    return {field: column for field, column in named.items() if column != _safe(field)}


def _safe(field: str) -> str:
    safe = re.sub(r"[^A-Za-z0-9_]", "_", without_accents(field)) or "_"
    return f"_{safe}" if safe[:1].isdigit() else safe


def destination_name(name: str) -> str:
    """A namespace or stream as Airbyte's destination writes it into names of objects."""
    return re.sub(r"[^A-Za-z0-9/!_.*')(&$@=;:+,?-]", "_", without_accents(name))


def without_accents(text: str) -> str:
    """``text`` with each letter in its plain form."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.category(c).startswith("M"))
