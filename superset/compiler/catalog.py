"""What dashboards are compiled against: tables, metrics, and the day their data has reached.

They come from a release, or from the models alone: then also tables are there that no release holds yet.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path

from google.cloud.storage import Bucket

from biaac import releases
from biaac.errors import PermanentError
from biaac.records import Record
from biaac.releases import Column, Metric, Release

TIMES = ("DATE", "TIMESTAMP")


class Table(Record):
    """A Gold table; types are DuckDB's names."""

    name: str
    description: str
    owner: str
    grain: list[str]
    columns: list[Column]


class Description(Record):
    """What ``python -m transform.describe`` prints."""

    tables: list[Table]
    metrics: list[Metric]


@dataclass(frozen=True)
class Catalog:
    """Tables by name, the metrics of all, and for each table the day that its data has reached: periods end before it.

    ``release``: of which all this is true, or None for the models. ``served``: tables that readers have already.
    ``waiting``: tables without data yet, and the streams that have never synced.
    """

    tables: dict[str, Table]
    metrics: list[Metric]
    reached: dict[str, date | None]
    release: str | None = None
    served: frozenset[str] = frozenset()
    waiting: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of_release(cls, lake: Bucket, release: Release, served: Release | None = None) -> "Catalog":
        """The tables of a release; a table that no stream with a cursor feeds reaches no day."""
        manifests = [releases.read_manifest(lake, reference) for reference in release.tables.values()]
        tables = {one.name: Table(**one.model_dump(include=set(Table.model_fields))) for one in manifests}
        times = {name: release.as_of(name) for name in tables}
        reached = {name: time.date() if time else None for name, time in times.items()}
        names = frozenset(served.tables) if served else frozenset()
        return cls(tables, release.metrics, reached, release.id, names, release.waiting)

    @classmethod
    def of_models(cls, description: Path, *, reached: date) -> "Catalog":
        """The tables of the models: what ``python -m transform.describe`` printed into the file ``description``."""
        try:
            models = Description.parse(json.loads(description.read_text(encoding="utf-8")), name=str(description))
        except (OSError, ValueError) as error:
            raise PermanentError(f"{description}: {error}", hint="python -m transform.describe > MODELS.json") from None
        return cls(
            {one.name: one for one in models.tables}, models.metrics, {one.name: reached for one in models.tables}
        )

    def metrics_of(self, table: str) -> dict[str, Metric]:
        """The metrics of one table, by name."""
        return {metric.name: metric for metric in self.metrics if metric.table == table}


def unknown(what: str, name: str, names: Iterable[str]) -> str:
    """``no column 'countri'; did you mean country?``."""
    known = sorted(names)
    near = get_close_matches(name, known, n=1)
    return f"no {what} {name!r}; " + (
        f"did you mean {near[0]}?" if near else f"there are: {', '.join(known) or 'none'}"
    )
