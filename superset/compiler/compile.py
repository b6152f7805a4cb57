"""Checked files and a catalog, compiled to a bundle."""

from dataclasses import replace

from biaac.files import File
from charts.kind import COLUMNS, GRAINS, Page, label

from . import files, trust
from .bundle import Bundle, Cell, Column, Dashboard, Dataset
from .catalog import TIMES, Catalog


def compile_bundle(
    dashboards: dict[str, File[files.Dashboard]],
    datasets: dict[str, files.Dataset],
    catalog: Catalog,
    waiting: dict[str, str],
) -> Bundle:
    """What Superset shall hold. The files have passed ``checks``."""
    models = sorted({one.value.model for one in dashboards.values()})
    return Bundle(
        datasets=[_dataset(model, datasets.get(model), catalog) for model in models]
        + [trust.dataset(model) for model in models],
        dashboards=[
            _dashboard(key, one, datasets.get(one.value.model), catalog) for key, one in sorted(dashboards.items())
        ],
        waiting=waiting,
    )


def _dataset(model: str, extra: files.Dataset | None, catalog: Catalog) -> Dataset:
    schema, _, name = model.partition(".")
    table = catalog.tables[model]
    columns = [Column(one.name, one.type, label(one.name), one.description) for one in table.columns]
    derived = extra.columns if extra else {}
    columns += [Column(name, one.type, label(name), one.description, one.sql) for name, one in derived.items()]
    return Dataset(
        key=model,
        schema=schema,
        table=name,
        description=table.description,
        time=next((column.name for column in table.columns if column.type in TIMES), None),
        columns=columns,
        metrics=list(catalog.metrics_of(model).values()),
    )


def _dashboard(key: str, read: File[files.Dashboard], extra: files.Dataset | None, catalog: Catalog) -> Dashboard:
    file = read.value
    reached = catalog.reached[file.model]
    metrics = catalog.metrics_of(file.model)
    page = Page(key, file.model, file.period.period, GRAINS[file.grain.grain], metrics, compared=reached is not None)
    rows = [
        [
            Cell(width, [replace(one, location=("layout", r, "row", c)) for one in chart.charts(page)])
            for c, (chart, width) in enumerate(zip(row.row, files.widths(row), strict=True))
        ]
        for r, row in enumerate(file.layout)
    ]
    return Dashboard(
        key=key,
        file=file,
        rows=[[Cell(COLUMNS, [trust.chart(key, file.model)])], *rows],
        period=file.period.default.until(reached) if reached else None,
        colors=extra.colors if extra else {},
        fault=read.fault,
    )
