from pydantic import Field

from .kind import ROWS, Form, Kind, Page, Query, axis


class Heatmap(Kind):
    """Where two columns meet."""

    viz_type = "heatmap_v2"

    heatmap: str
    by: list[str] = Field(min_length=2, max_length=2, description="Down, then across.")

    def form(self, page: Page) -> Form:
        down, across = self.by
        return {
            "metric": self.heatmap, "x_axis": across, "groupby": down, "row_limit": ROWS,
            "sort_x_axis": "alpha_asc", "sort_y_axis": "alpha_desc",  # the first value at the top
            "normalize_across": "heatmap", "normalized": False, "value_bounds": [None, None],
            "legend_type": "continuous", "linear_color_scheme": "schemeBlues", "show_legend": True,
            "show_percentage": False, "show_values": False,
            "left_margin": "auto", "bottom_margin": 40, "xscale_interval": -1, "yscale_interval": -1,
            "x_axis_time_format": "smart_date", "y_axis_format": page.format(self.heatmap),
        }  # fmt: skip

    @staticmethod
    def queries(form: Form, base: Query) -> list[Query]:
        return [base | {
            "columns": [axis(form["x_axis"], base), form["groupby"]], "metrics": [form["metric"]],
            "orderby": [[form["x_axis"], True], [form["groupby"], False]], "row_limit": form["row_limit"],
            "post_processing": [{"operation": "rank", "options": {"metric": form["metric"]}}],
        }]  # fmt: skip
