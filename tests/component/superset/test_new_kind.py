"""A new chart kind is one new file in ``superset/charts/``: nothing else is told of it."""

import shutil
from pathlib import Path

from tests.component.superset.conftest import ROOM, Superset

FUNNEL = '''\
from .kind import Form, Kind, Page, Query


class Funnel(Kind):
    """Steps, each as wide as its value."""

    viz_type = "funnel"
    height = 40
    summed = True

    funnel: str
    by: str

    def form(self, page: Page) -> Form:
        return {"metric": self.funnel, "groupby": [self.by], "row_limit": 7, "number_format": page.format(self.funnel)}

    @staticmethod
    def queries(form: Form, base: Query) -> list[Query]:
        return [base | {"columns": form["groupby"], "metrics": [form["metric"]], "row_limit": form["row_limit"]}]
'''
PAGE = """\
title: {en: Steps}
description: {en: From one step to the next.}
owner: shop@example.com
model: gold.orders
filters:
  - {period: order_day, default: last 12 weeks}
  - {grain: week}
layout:
  - row: [{funnel: order_value, by: channel}]
"""


def test_a_dashboard_with_it_is_checked_compiled_written_and_warmed(superset: Superset, tmp_path: Path) -> None:
    room = tmp_path / "superset"
    shutil.copytree(ROOM, room)
    (room / "charts/funnel.py").write_text(FUNNEL)
    file = superset.files / "dashboards/steps.yaml"
    file.write_text(PAGE)

    refused = superset.run("apply.py", check=False, room=room).stderr
    assert f"{file}:9: layout.0.row.0.funnel: order_value cannot be summed over groups" in refused

    file.write_text(PAGE.replace("order_value", "revenue"))
    superset.run("apply.py", room=room)
    (chart,) = superset.stored("SELECT slice_name, viz_type FROM slices WHERE viz_type = 'funnel'")
    assert chart == ("Revenue by channel", "funnel")
    assert [statement for statement in superset.warm_statements() if statement.endswith("LIMIT 7")]
