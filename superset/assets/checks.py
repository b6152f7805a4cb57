"""Whether the files are true of a release: every metric and column there, nothing summed that cannot be.

A fault names file, line, what was found, and the nearest name that exists.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from google.cloud.storage import Bucket

from biaac import files as yaml_files
from biaac import releases
from biaac.errors import PermanentError
from biaac.releases import Release, TableManifest

from . import files
from .compile import TIMES, metrics_of

HINT = "biaac dashboards validate"
Model = TypeVar("Model", files.Dashboard, files.Dataset)
Fault = tuple[tuple[int | str, ...], str]  # where in the file, what is wrong


def load(folder: Path, kind: type[Model]) -> dict[str, yaml_files.File[Model]]:
    """Every ``*.yaml`` of ``folder`` by file name; ``PermanentError`` lists all faults of all files."""
    valid, faults = yaml_files.read_all(folder, kind)
    _raise(faults)
    return valid


def manifests(lake: Bucket, release: Release) -> dict[str, TableManifest]:
    """The manifest of every table of a release."""
    return {name: releases.read_manifest(lake, reference) for name, reference in release.tables.items()}


def check(
    dashboards: dict[str, yaml_files.File[files.Dashboard]],
    datasets: dict[str, files.Dataset],
    release: Release,
    tables: dict[str, TableManifest],
) -> None:
    """Check loaded dashboards against a release; ``PermanentError`` lists every fault."""
    faults = []
    for file in dashboards.values():
        for where, what in _faults(file.value, datasets, release, tables):
            faults.append(file.fault(where, what))
    _raise(faults)


def _faults(
    dashboard: files.Dashboard,
    datasets: dict[str, files.Dataset],
    release: Release,
    tables: dict[str, TableManifest],
) -> Iterator[Fault]:
    if dashboard.model not in tables:
        yield ("model",), _unknown("table", dashboard.model, tables)
        return
    types = {column.name: column.type for column in tables[dashboard.model].columns}
    if extra := datasets.get(dashboard.model):
        types |= {name: column.type for name, column in extra.columns.items()}
    metrics = metrics_of(release, dashboard.model)

    selects = [one.select for one in dashboard.filters if isinstance(one, files.SelectFilter)]
    for i, one in enumerate(dashboard.filters):
        where: tuple[int | str, ...] = ("filters", i)
        if isinstance(one, files.PeriodFilter) and types.get(one.period) not in TIMES:
            times = [name for name, kind in types.items() if kind in TIMES]
            yield (*where, "period"), _unknown("date or timestamp column", one.period, times)
        if isinstance(one, files.SelectFilter):
            if one.select not in types:
                yield (*where, "select"), _unknown("column", one.select, types)
            if one.within is not None and one.within not in selects:
                yield (*where, "within"), _unknown("select filter", one.within, selects)

    for r, row in enumerate(dashboard.layout):
        for c, chart in enumerate(row.row):
            where = ("layout", r, "row", c)
            for metric in files.metrics(chart):
                if metric not in metrics:
                    yield (*where, files.kind(chart)), _unknown("metric", metric, metrics)
                elif isinstance(chart, files.PARTS_OF_A_WHOLE) and not metrics[metric].additive:
                    yield (
                        (*where, files.kind(chart)),
                        f"{metric} cannot be summed over groups, so a {files.kind(chart)} of it would mislead; "
                        "use a line, a bar or a table",
                    )
            for column in files.columns(chart):
                if column not in types:
                    yield (*where, files.column_field(chart, column)), _unknown("column", column, types)


def _unknown(what: str, name: str, there: Any) -> str:
    near = get_close_matches(name, list(there), n=1)
    known = f"did you mean {near[0]}?" if near else f"there are: {', '.join(sorted(there)) or 'none'}"
    return f"no {what} {name!r}; {known}"


def _raise(faults: list[str]) -> None:
    if faults:
        raise PermanentError("\n".join(faults), hint=HINT)
