"""Whether every table, metric and column that the files name is there, and nothing is summed that cannot be.

A fault names file, line, field and value, and the nearest name that exists.
"""

from collections.abc import Iterator
from pathlib import Path

from biaac import files as yaml_files
from biaac.errors import PermanentError
from biaac.files import File, Location
from charts.kind import Kind

from .bundle import Bundle
from .catalog import Catalog, unknown
from .compile import compile_bundle
from .files import Dashboard, Dataset

HINT = "biaac dashboards validate"
Fault = tuple[Location, str]  # where in the file, what is wrong


def compile_checked(folder: Path, catalog: Catalog) -> Bundle:
    """Read ``folder/dashboards`` and ``folder/datasets``, check and compile; ``PermanentError`` lists every fault."""
    dashboard_files, faults = yaml_files.read_all(folder / "dashboards", Dashboard)
    dataset_files, more = yaml_files.read_all(folder / "datasets", Dataset)
    _raise(faults + more)
    waiting = {} if catalog.release is None else _waiting(dashboard_files, catalog)
    dashboard_files = {name: file for name, file in dashboard_files.items() if name not in waiting}
    datasets = {name: file.value for name, file in dataset_files.items()}
    for dataset_file in dataset_files.values() if catalog.release is None else ():
        faults += [dataset_file.fault(*fault) for fault in _dataset_faults(dataset_file.value, catalog)]
    for file in dashboard_files.values():
        extra = datasets.get(file.value.model)
        faults += [file.fault(*fault) for fault in _dashboard_faults(file.value, extra, catalog)]
    _raise(faults)
    return compile_bundle(dashboard_files, datasets, catalog, waiting)


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
    return {
        name: file.fault(("model",), f"waits: {unknown('table', file.value.model, catalog.tables)}")
        for name, file in absent.items()
    }


def _dataset_faults(dataset: Dataset, catalog: Catalog) -> Iterator[Fault]:
    if dataset.model not in catalog.tables:
        yield ("model",), unknown("table", dataset.model, catalog.tables)


def _dashboard_faults(dashboard: Dashboard, extra: Dataset | None, catalog: Catalog) -> Iterator[Fault]:
    if dashboard.model not in catalog.tables:
        yield ("model",), unknown("table", dashboard.model, catalog.tables)
        return
    types = {column.name: column.type for column in catalog.tables[dashboard.model].columns}
    if extra:
        types |= {name: column.type for name, column in extra.columns.items()}
    for number, one in enumerate(dashboard.filters):
        for field, message in one.faults(types, dashboard.selects):
            yield ("filters", number, field), message
    for r, row in enumerate(dashboard.layout):
        for c, chart in enumerate(row.row):
            for field, message in _chart_faults(chart, types, catalog, dashboard.model):
                yield ("layout", r, "row", c, field), message


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
    for field, column in chart.groups:
        if column not in types:
            yield field, unknown("column", column, types)


def _raise(faults: list[str]) -> None:
    if faults:
        raise PermanentError("\n".join(faults), hint=HINT)
