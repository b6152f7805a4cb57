"""What a dashboard is made of besides charts, in Superset's JSON: where things stand, filters, colours."""

from typing import Any
from uuid import UUID

from .bundle import DashboardSpec
from .charts import COLOR_SCHEME
from .compile import label
from .files import GRAINS, GrainFilter, PeriodFilter, SelectFilter

GRID = ["ROOT_ID", "GRID_ID"]


def position(spec: DashboardSpec, chart_ids: dict[UUID, int]) -> dict[str, Any]:
    """``position_json``: rows of cells; a cell of several charts is a column."""
    tree: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": [], "parents": ["ROOT_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": spec.file.title.en}},
    }

    def add(kind: str, name: str, parents: list[str], meta: dict[str, Any]) -> list[str]:
        tree[name] = {"type": kind, "id": name, "children": [], "parents": parents, "meta": meta}
        tree[parents[-1]]["children"].append(name)
        return [*parents, name]

    for r, row in enumerate(spec.rows):
        in_row = add("ROW", f"ROW-{r}", GRID, {"background": "BACKGROUND_TRANSPARENT"})
        for c, cell in enumerate(row):
            parents = in_row
            if len(cell.charts) > 1:
                meta = {"background": "BACKGROUND_TRANSPARENT", "width": cell.width}
                parents = add("COLUMN", f"COLUMN-{r}-{c}", in_row, meta)
            for chart, height in cell.charts:
                meta = {
                    "chartId": chart_ids[chart.uuid],
                    "uuid": str(chart.uuid),
                    "sliceName": chart.title,
                    "width": cell.width,
                    "height": height,
                }
                add("CHART", f"CHART-{chart.uuid.hex[:12]}", parents, meta)
    return tree


def metadata(spec: DashboardSpec, chart_ids: dict[UUID, int], dataset_id: int) -> dict[str, Any]:
    """``json_metadata``: filters and what is true of the whole page."""
    return {
        "native_filter_configuration": _filters(spec, chart_ids, dataset_id),
        "filter_bar_orientation": "HORIZONTAL",
        "cross_filters_enabled": True,
        "chart_configuration": {},
        "global_chart_configuration": {"scope": {"rootPath": ["ROOT_ID"], "excluded": []}, "chartsInScope": []},
        "color_scheme": COLOR_SCHEME,
        "label_colors": spec.colors,
        "shared_label_colors": [],
        "map_label_colors": {},
        "refresh_frequency": 0,
        "timed_refresh_immune_slices": [],
        "expanded_slices": {},
        "default_filters": "{}",
    }


def _filters(spec: DashboardSpec, chart_ids: dict[UUID, int], dataset_id: int) -> list[dict[str, Any]]:
    # The chart that says how far the data reaches speaks of all data, whatever is chosen.
    scope = {
        "rootPath": ["ROOT_ID"],
        "excluded": [chart_ids[chart.uuid] for chart in spec.charts if chart.dataset != spec.file.model],
    }
    made = []
    for one in spec.file.filters:
        own: dict[str, Any]
        match one:
            case PeriodFilter():
                own = {
                    "filterType": "filter_time",
                    "name": "Period",
                    "targets": [{}],
                    "defaultDataMask": _mask({"time_range": spec.time_range}, {"value": spec.time_range}),
                }
            case GrainFilter():
                grain = GRAINS[one.grain]
                own = {
                    "filterType": "filter_timegrain",
                    "name": "Grain",
                    "targets": [{"datasetId": dataset_id}],
                    "defaultDataMask": _mask(
                        {"time_grain_sqla": grain}, {"label": one.grain.title(), "value": [grain]}
                    ),
                }
            case SelectFilter():
                own = {
                    "filterType": "filter_select",
                    "name": label(one.select),
                    "targets": [{"datasetId": dataset_id, "column": {"name": one.select}}],
                    "cascadeParentIds": [_filter_id(one.within)] if one.within else [],
                    "controlValues": {
                        "enableEmptyFilter": False,
                        "defaultToFirstItem": False,
                        "multiSelect": True,
                        "searchAllOptions": False,
                        "inverseSelection": False,
                    },
                    "defaultDataMask": _mask({}, {}),
                }
        base = {
            "id": _filter_id(one.select if isinstance(one, SelectFilter) else own["name"].lower()),
            "type": "NATIVE_FILTER",
            "description": "",
            "cascadeParentIds": [],
            "scope": scope,
            "controlValues": {"enableEmptyFilter": False},
        }
        made.append(base | own)
    return made


def _filter_id(name: str) -> str:
    return f"NATIVE_FILTER-{name}"


def _mask(extra: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    return {"extraFormData": extra, "filterState": state, "ownState": {}}
