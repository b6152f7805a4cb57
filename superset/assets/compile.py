"""Checked files and a release, compiled to a bundle."""

from biaac.errors import PermanentError
from biaac.releases import Metric, Release, TableManifest

from . import files
from .bundle import Bundle, Cell, Chart, Column, DashboardSpec, Dataset
from .charts import Context, parameters, trend

LANGUAGE = "en"
TIMES = ("DATE", "TIMESTAMP")
# Heights in grid units of 8 pixels: a KPI's number and its course together stand as high as nothing else on the page.
HEIGHTS = {"kpi": 24, "treemap": 56, "heatmap": 50, "table": 54, "pivot": 56}
CHART_HEIGHT = 50
TREND_HEIGHT = 14
TRUST_HEIGHT = 17


def compile_bundle(
    dashboards: dict[str, files.Dashboard],
    datasets: dict[str, files.Dataset],
    release: Release,
    manifests: dict[str, TableManifest],
) -> Bundle:
    """What Superset shall hold. Files must have passed ``checks``; ``manifests`` holds at least their models."""
    if release.data_as_of is None:
        raise PermanentError(
            f"release {release.id} says of no stream how far its data reaches, so no period can end there",
            hint="give an incremental stream of a connection a cursor",
        )
    models = sorted({one.model for one in dashboards.values()})
    compiled = [_model(manifests[model], datasets.get(model), release) for model in models]
    return Bundle(
        datasets=compiled + [_trust(model) for model in models],
        dashboards=[_dashboard(key, one, datasets.get(one.model), release) for key, one in sorted(dashboards.items())],
    )


def metrics_of(release: Release, model: str) -> dict[str, Metric]:
    """The metrics of one table, by name."""
    return {metric.name: metric for metric in release.metrics if metric.table == model}


def label(name: str) -> str:
    """``product_category`` -> ``Product category``."""
    return name.replace("_", " ").capitalize()


def _model(manifest: TableManifest, extra: files.Dataset | None, release: Release) -> Dataset:
    schema, _, table = manifest.name.partition(".")
    columns = [Column(one.name, one.type, label(one.name), one.description) for one in manifest.columns]
    derived = extra.columns if extra else {}
    columns += [Column(name, one.type, label(name), one.description, one.sql) for name, one in derived.items()]
    return Dataset(
        key=manifest.name,
        schema=schema,
        table=table,
        description=manifest.description,
        time=next((column.name for column in manifest.columns if column.type in TIMES), None),
        columns=columns,
        metrics=list(metrics_of(release, manifest.name).values()),
    )


def _trust_key(model: str) -> str:
    return f"{model}/trust"


def _trust(model: str) -> Dataset:
    """How far the data reaches, asked from the release on show itself, so that it follows a promotion or rollback."""
    return Dataset(
        key=_trust_key(model),
        schema="biaac",
        table=f"data behind {model}",
        description=f"How far the data behind {model} reaches, which release is on show, and what its audits found.",
        time=None,
        columns=[
            Column("data_as_of", "TIMESTAMP", "Data as of", "Time of the newest business event in the data."),
            Column("release", "VARCHAR", "Release", "The release on show."),
            Column("audits", "VARCHAR", "Audits", "How many of the release's audits found nothing."),
            Column("rows", "BIGINT", f"Rows of {model}", "Rows of the table behind the charts, of all times."),
        ],
        metrics=[],
        sql=(
            "SELECT (SELECT MAX(data_as_of) FROM biaac.freshness) AS data_as_of,\n"
            "  (SELECT MAX(release) FROM biaac.releases WHERE is_current) AS release,\n"
            "  (SELECT CONCAT(COUNT(*) FILTER (WHERE outcome = 'passed'), ' of ', COUNT(*), ' passed')"
            " FROM biaac.audits) AS audits,\n"
            f"  (SELECT COUNT(*) FROM {model}) AS rows"
        ),
    )


def _dashboard(key: str, file: files.Dashboard, extra: files.Dataset | None, release: Release) -> DashboardSpec:
    context = Context(time=file.period.period, grain=file.grain.grain, metrics=metrics_of(release, file.model))
    assert release.data_as_of is not None  # noqa: S101  # compile_bundle refuses it by name
    return DashboardSpec(
        key=key,
        file=file,
        rows=[
            [Cell(files.COLUMNS, [(_trust_chart(key, file.model), TRUST_HEIGHT)])],
            *(
                [
                    Cell(width, _stack(key, file.model, chart, context))
                    for chart, width in zip(row.row, files.widths(row), strict=True)
                ]
                for row in file.layout
            ),
        ],
        period=file.period.default.until(release.data_as_of.date()),
        colors=extra.colors if extra else {},
    )


def _stack(dashboard: str, model: str, chart: files.AnyChart, context: Context) -> list[tuple[Chart, int]]:
    """One chart of a file as the charts that stand for it: a KPI is a number over its course."""
    kind = type(chart).__name__.lower()
    viz_type, form = parameters(chart, context)
    title = chart.title or _title(chart, context)
    description = " ".join(context.metrics[metric].description for metric in files.metrics(chart))
    first = Chart(dashboard, files.chart_key(chart), title, description, viz_type, form, model)
    stack = [(first, HEIGHTS.get(kind, CHART_HEIGHT))]
    if isinstance(chart, files.Kpi):
        viz_type, form = trend(chart.kpi, context)
        course = Chart(dashboard, f"trend-{chart.kpi}", f"{title} over time", description, viz_type, form, model)
        stack.append((course, TREND_HEIGHT))
    return stack


def _trust_chart(dashboard: str, model: str) -> Chart:
    columns = ["data_as_of", "release", "audits", "rows"]
    form = {
        "viz_type": "table",
        "query_mode": "raw",
        "all_columns": columns,
        "adhoc_filters": [],
        "annotation_layers": [],
        "extra_form_data": {},
        "groupby": [],
        "metrics": [],
        "percent_metrics": [],
        "order_by_cols": [],
        "row_limit": 10,
        "server_page_length": 10,
        "show_cell_bars": False,
        "color_pn": False,
        "allow_render_html": False,
        "include_search": False,
        "table_timestamp_format": "%A, %-d %B %Y, %H:%M",
        "column_config": {"rows": {"d3NumberFormat": ",d", "horizontalAlign": "left"}},
    }
    return Chart(dashboard, "trust", "Data behind this page", "", "table", form, _trust_key(model))


def _title(chart: files.AnyChart, context: Context) -> str:
    metrics = [context.metrics[metric].label[LANGUAGE] for metric in files.metrics(chart)]
    columns = [label(column).lower() for column in files.columns(chart)]
    what = metrics[0]
    if others := [metric.lower() for metric in metrics[1:]]:
        what = f"{', '.join([what, *others[:-1]])} and {others[-1]}"
    if columns:
        what = f"{what} by {' and '.join(columns)}"
    return f"{what}, largest {chart.top}" if isinstance(chart, files.Treemap | files.Bar) and chart.top else what
