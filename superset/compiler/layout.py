"""What a dashboard is made of besides charts, in Superset's JSON: where things stand, filters, colours."""

from typing import Any
from uuid import UUID

from charts.kind import COLOR_SCHEME

from .bundle import Dashboard

GRID = ["ROOT_ID", "GRID_ID"]


def position(dashboard: Dashboard, chart_ids: dict[UUID, int]) -> dict[str, Any]:
    """``position_json``: rows of cells; a cell of several charts is a column."""
    tree: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": [], "parents": ["ROOT_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": dashboard.file.title.en}},
    }

    def add(kind: str, name: str, parents: list[str], meta: dict[str, Any]) -> list[str]:
        tree[name] = {"type": kind, "id": name, "children": [], "parents": parents, "meta": meta}
        tree[parents[-1]]["children"].append(name)
        return [*parents, name]

    for r, row in enumerate(dashboard.rows):
        in_row = add("ROW", f"ROW-{r}", GRID, {"background": "BACKGROUND_TRANSPARENT"})
        for c, cell in enumerate(row):
            parents = in_row
            if len(cell.charts) > 1:
                meta = {"background": "BACKGROUND_TRANSPARENT", "width": cell.width}
                parents = add("COLUMN", f"COLUMN-{r}-{c}", in_row, meta)
            for chart in cell.charts:
                meta = {
                    "chartId": chart_ids[chart.uuid],
                    "uuid": str(chart.uuid),
                    "sliceName": chart.title,
                    "width": cell.width,
                    "height": chart.height,
                }
                add("CHART", f"CHART-{chart.uuid.hex[:12]}", parents, meta)
    return tree


def metadata(dashboard: Dashboard, chart_ids: dict[UUID, int], dataset: int) -> dict[str, Any]:
    """``json_metadata``: filters and what is true of the whole page."""
    return {
        "native_filter_configuration": _filters(dashboard, chart_ids, dataset),
        "filter_bar_orientation": "HORIZONTAL",
        "cross_filters_enabled": True,
        "color_scheme": COLOR_SCHEME,
        "label_colors": dashboard.colors,
    }


def _filters(dashboard: Dashboard, chart_ids: dict[UUID, int], dataset: int) -> list[dict[str, Any]]:
    # The chart about the data behind the page shows all data, whatever is chosen.
    excluded = [chart_ids[chart.uuid] for chart in dashboard.charts if chart.dataset != dashboard.file.model]
    every = {
        "type": "NATIVE_FILTER",
        "description": "",
        "cascadeParentIds": [],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": excluded},
        "controlValues": {"enableEmptyFilter": False},
    }
    return [every | one.native(dashboard.time_range, dataset) for one in dashboard.file.filters]
