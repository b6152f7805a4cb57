"""Whether every table, metric and column that the files name is there, and nothing is summed that cannot be.

A fault names file, line, field and value, and the nearest name that exists.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import sqlglot
from sqlglot import exp

from biaac import files as yaml_files
from biaac.errors import PermanentError
from biaac.files import File, Location
from charts.kind import KEY, Kind

from .bundle import Bundle
from .catalog import Catalog, unknown
from .compile import compile_bundle
from .files import Dashboard, Dataset
from .filters import GrainFilter, PeriodFilter, SelectFilter

HINT = "biaac dashboards validate"
Fault = tuple[Location, str]  # where in the file, what is wrong


def compile_checked(folder: Path, catalog: Catalog) -> Bundle:
    """Read ``folder/dashboards`` and ``folder/datasets``, check and compile; ``PermanentError`` lists every fault."""
    dashboards, faults = yaml_files.read_all(folder / "dashboards", Dashboard)
    datasets, more = yaml_files.read_all(folder / "datasets", Dataset)
    _raise([*faults, *more, *_names(folder / "dashboards", KEY, "such as orders.yaml")])
    dashboards = _by_key(dashboards)
    waiting = {} if catalog.release is None else _waiting(dashboards, catalog)
    dashboards = {name: file for name, file in dashboards.items() if name not in waiting}
    faults = [dataset.fault(*fault) for dataset in datasets.values() for fault in _dataset_faults(dataset, catalog)]
    extras = {name: file.value for name, file in datasets.items()}
    for file in dashboards.values():
        faults += [file.fault(*fault) for fault in _dashboard_faults(file.value, extras.get(file.value.model), catalog)]
    _raise([*faults, *_names(folder / "datasets", r"gold\.\w+", "the model's name, such as gold.orders.yaml")])
    return compile_bundle(dashboards, extras, catalog, waiting)


def _by_key(dashboards: dict[str, File[Dashboard]]) -> dict[str, File[Dashboard]]:
    """Dashboards by what they are known by: their key, or the name of their file."""
    by_key: dict[str, File[Dashboard]] = {}
    for name, file in dashboards.items():
        first = by_key.setdefault(file.value.key or name, file)
        if first is not file:
            _raise([file.fault(("key",), f"{first.path} has the same")])
    return by_key


def _names(folder: Path, pattern: str, expected: str) -> Iterator[str]:
    """Files whose name nobody reads: another ending, a folder within, or a name that is no part of an address."""
    for path in sorted(folder.rglob("*")):
        read = path.parent == folder and path.suffix == ".yaml" and re.fullmatch(pattern, path.stem)
        if path.is_file() and not path.name.startswith(".") and not read:
            yield f"{path}:1: its name: {expected} is expected, in {folder} itself"


def _waiting(dashboards: dict[str, File[Dashboard]], catalog: Catalog) -> dict[str, str]:
    """Dashboards of tables that the release does not hold yet. One that readers see already is a fault."""
    absent = {name: file for name, file in dashboards.items() if file.value.model not in catalog.tables}
    _raise(
        [
            file.fault(
                ("model",), f"readers see table {file.value.model!r}, release {catalog.release} does not hold it"
            )
            for file in absent.values()
            if file.value.model in catalog.served
        ]
    )
    return {name: file.fault(("model",), f"waits: {_why(file.value.model, catalog)}") for name, file in absent.items()}


def _why(model: str, catalog: Catalog) -> str:
    if streams := catalog.waiting.get(model):
        return f"no data yet in {model}: {', '.join(streams)} never synced"
    return unknown("table", model, catalog.tables)


def _dataset_faults(file: File[Dataset], catalog: Catalog) -> Iterator[Fault]:
    dataset = file.value
    if file.path.stem != dataset.model:
        yield ("model",), f"the file's name is expected, found {dataset.model!r}"
    if dataset.model not in catalog.tables:
        if catalog.release is None:
            yield ("model",), unknown("table", dataset.model, catalog.tables)
        return
    own = {column.name for column in catalog.tables[dataset.model].columns}
    for name, column in dataset.columns.items():
        if name in own:
            yield ("columns", name), f"{dataset.model} has a column of that name"
        names = {one.name for one in sqlglot.parse_one(column.sql, dialect="duckdb").find_all(exp.Column)}
        for missing in sorted(names - own):
            yield ("columns", name, "sql"), unknown("column", missing, own)


def _dashboard_faults(dashboard: Dashboard, extra: Dataset | None, catalog: Catalog) -> Iterator[Fault]:
    if dashboard.model not in catalog.tables:
        yield ("model",), unknown("table", dashboard.model, catalog.tables)
        return
    types = {column.name: column.type for column in catalog.tables[dashboard.model].columns}
    if extra:
        types |= {name: column.type for name, column in extra.columns.items()}
    yield from _filter_faults(dashboard, types)
    seen: set[str] = set()
    for r, row in enumerate(dashboard.layout):
        for c, chart in enumerate(row.row):
            place = ("layout", r, "row", c)
            if chart.identity in seen:
                yield place, f"{chart.identity} stands there twice; give one a key"
            seen.add(chart.identity)
            for field, message in _chart_faults(chart, types, catalog, dashboard.model):
                yield (*place, field), message


def _filter_faults(dashboard: Dashboard, types: dict[str, str]) -> Iterator[Fault]:
    for kind, name in ((PeriodFilter, "period"), (GrainFilter, "grain")):
        if sum(isinstance(one, kind) for one in dashboard.filters) != 1:
            yield ("filters",), f"exactly one {name} is expected"
    selects: dict[str, str | None] = {}
    for number, one in enumerate(dashboard.filters):
        if isinstance(one, SelectFilter):
            if one.select in selects:
                yield ("filters", number, "select"), f"{one.select} stands there twice"
            selects[one.select] = one.within
    for number, one in enumerate(dashboard.filters):
        for field, message in one.faults(types, selects):
            yield ("filters", number, field), message


def _chart_faults(chart: Kind, types: dict[str, str], catalog: Catalog, model: str) -> Iterator[tuple[str, str]]:
    kind = chart.kind()
    metrics = catalog.metrics_of(model)
    for name in chart.metrics:
        if name not in metrics:
            yield kind, unknown("metric", name, metrics)
        elif chart.summed and not metrics[name].additive:
            yield (
                kind,
                f"{name} cannot be summed over groups, so a {kind} of it would mislead; use a line, a bar or a table",
            )
    columns = [column for _, column in chart.groups]
    for field, column in chart.groups:
        if column not in types:
            yield field, unknown("column", column, types)
        elif chart.others == column and types[column] != "VARCHAR":
            yield (
                field,
                f"{column} is {types[column]}: with top the rest is the text 'Others', so a VARCHAR is expected",
            )
    for field, names in ((kind, chart.metrics), (chart.grouping[-1], columns)):
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield field, f"{name} is given twice"


def _raise(faults: list[str]) -> None:
    if faults:
        raise PermanentError("\n".join(faults), hint=HINT)
