"""Every query of a bundle answered once, as a browser would ask: Superset's cache holds the answers afterwards."""

from dataclasses import dataclass

from superset.charts.schemas import ChartDataQueryContextSchema
from superset.commands.chart.data.get_data_command import ChartDataCommand
from superset.commands.chart.exceptions import ChartDataQueryFailedError
from superset.connectors.sqla.models import SqlaTable
from superset.extensions import db

from biaac.errors import PermanentError
from plugin import dbapi

from .bundle import Bundle
from .queries import filter_contexts, query_context


@dataclass(frozen=True)
class Warmed:
    """How many requests were answered, and the statements that reached the cache service for them."""

    requests: int
    statements: list[str]


def warm(bundle: Bundle) -> Warmed:
    """Answer every chart at its default filters, and every filter's list; ``PermanentError`` names what cannot be."""
    ids = {spec.key: db.session.query(SqlaTable.id).filter_by(uuid=spec.uuid).scalar() for spec in bundle.datasets}
    requests = 0
    faults = []
    with dbapi.recording() as statements:
        for dashboard in bundle.dashboards:
            wanted = [
                (chart.title, query_context(chart, ids[chart.dataset], dashboard=dashboard))
                for chart in dashboard.charts
            ]
            wanted += [("a filter", context) for context in filter_contexts(dashboard, ids[dashboard.file.model])]
            for name, context in wanted:
                requests += 1
                if error := _answer(context):
                    faults.append(f"{dashboard.source}: {name}: {error}")
    if faults:
        raise PermanentError("\n".join(faults), hint="biaac dashboards validate")
    return Warmed(requests, list(dict.fromkeys(statements)))


def _answer(context: dict[str, object]) -> str | None:
    """Run one request as the server does, but never from the cache; the error it would show, if any.

    Not from the cache, so that the statements of every chart are seen; what it holds for this release is the same.
    """
    command = ChartDataCommand(ChartDataQueryContextSchema().load(context | {"force": True}))
    command.validate()
    try:
        command.run()
    except ChartDataQueryFailedError as error:
        return str(error)
    return None
