"""What dashboards are compiled against: tables, metrics, and the day their data has reached.

They come from a release, or from the models alone: then also tables are there that no release holds yet.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
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
    """Tables by name, the metrics of all, and the day that data has reached: periods end before it.

    ``release``: of which all this is true, or None for the models. ``served``: tables that readers have already.
    """

    tables: dict[str, Table]
    metrics: list[Metric]
    reached: date
    release: str | None = None
    served: frozenset[str] = frozenset()

    @classmethod
    def of_release(cls, lake: Bucket, release: Release, served: Release | None = None) -> "Catalog":
        """The tables of a release; ``PermanentError`` if it does not say how far the data reaches."""
        if release.data_as_of is None:
            raise PermanentError(
                f"release {release.id} does not say how far the data of any stream reaches, so no period can end there",
                hint="give an incremental stream of a connection a cursor",
            )
        manifests = [releases.read_manifest(lake, reference) for reference in release.tables.values()]
        tables = {one.name: Table(**one.model_dump(include=set(Table.model_fields))) for one in manifests}
        served_tables = frozenset(served.tables) if served else frozenset()
        return cls(tables, release.metrics, release.data_as_of.date(), release.id, served_tables)

    @classmethod
    def of_models(cls, description: Path, *, reached: date) -> "Catalog":
        """The tables of the models: what ``python -m transform.describe`` printed into the file ``description``."""
        try:
            models = Description.parse(json.loads(description.read_text(encoding="utf-8")), name=str(description))
        except (OSError, ValueError) as error:
            raise PermanentError(f"{description}: {error}", hint="python -m transform.describe > MODELS.json") from None
        return cls({table.name: table for table in models.tables}, models.metrics, reached)

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
