"""What stands first on every page: how far the data reaches, which release is shown, how its audits ended.

Its query reads the release itself, so the answer follows a promotion or a rollback.
"""

from charts.kind import Chart, Form, Query

from .bundle import Column, Dataset

HEIGHT = 17


def dataset(model: str) -> Dataset:
    """One row about the release, and about ``model`` in it."""
    return Dataset(
        key=_key(model),
        schema="biaac",
        table=f"data behind {model}",
        description=f"How far the data behind {model} reaches, which release is on show, and what its audits found.",
        time=None,
        columns=[
            Column("data_as_of", "TIMESTAMP", "Data as of", "Time of the newest business event in the table."),
            Column("release", "VARCHAR", "Release", "The release on show."),
            Column("audits", "VARCHAR", "Audits", "How many of the release's audits found nothing."),
            Column("rows", "BIGINT", f"Rows of {model}", "Rows of the table behind the charts, of all times."),
        ],
        metrics=[],
        sql=(
            f"SELECT (SELECT MAX(data_as_of) FROM biaac.tables WHERE table_schema || '.' || table_name = '{model}')"
            " AS data_as_of,\n"
            "  (SELECT MAX(release) FROM biaac.releases WHERE is_current) AS release,\n"
            "  (SELECT CONCAT(COUNT(*) FILTER (WHERE outcome = 'passed'), ' of ', COUNT(*), ' passed')"
            " FROM biaac.audits) AS audits,\n"
            f"  (SELECT COUNT(*) FROM {model}) AS rows"
        ),
    )


def chart(dashboard: str, model: str) -> Chart:
    """A table of that one row."""
    form = {
        "viz_type": "table", "query_mode": "raw", "all_columns": ["data_as_of", "release", "audits", "rows"],
        "adhoc_filters": [], "annotation_layers": [], "extra_form_data": {}, "groupby": [], "metrics": [],
        "percent_metrics": [], "order_by_cols": [], "row_limit": 10, "server_page_length": 10,
        "show_cell_bars": False, "color_pn": False, "allow_render_html": False, "include_search": False,
        "table_timestamp_format": "%A, %-d %B %Y, %H:%M",
        "column_config": {"rows": {"d3NumberFormat": ",d", "horizontalAlign": "left"}},
    }  # fmt: skip
    return Chart(dashboard, "trust", "Data behind this page", "", _key(model), "table", form, _queries, HEIGHT, False)


def _key(model: str) -> str:
    return f"{model}/trust"


def _queries(form: Form, base: Query) -> list[Query]:
    query = base | {
        "columns": form["all_columns"], "orderby": [], "row_limit": form["row_limit"],
        "post_processing": [], "time_offsets": [],
    }  # fmt: skip
    del query["metrics"]
    return [query]
