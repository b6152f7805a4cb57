"""Every query of a bundle answered once, as Superset answers a browser: its cache holds the answers afterwards."""

from dataclasses import dataclass

from superset.charts.schemas import ChartDataQueryContextSchema
from superset.commands.chart.data.get_data_command import ChartDataCommand
from superset.commands.chart.exceptions import ChartDataQueryFailedError
from superset.connectors.sqla.models import SqlaTable
from superset.extensions import db

from biaac.errors import PermanentError
from compiler.bundle import Bundle
from compiler.queries import filter_contexts, query_context
from plugin import dbapi


@dataclass(frozen=True)
class Warmed:
    """How many requests were answered, and the statements that reached the cache service for them."""

    requests: int
    statements: list[str]


def warm(bundle: Bundle) -> Warmed:
    """Answer every chart at its default filters, and every filter's list; ``PermanentError`` names those that fail."""
    ids = {one.key: db.session.query(SqlaTable.id).filter_by(uuid=one.uuid).scalar() for one in bundle.datasets}
    requests = []
    for dashboard in bundle.dashboards:
        for chart in dashboard.charts:
            context = query_context(chart, ids[chart.dataset], dashboard=dashboard)
            requests.append((dashboard.fault(chart.location, chart.title), context))
        for context in filter_contexts(dashboard, ids[dashboard.file.model]):
            requests.append((f"{dashboard.source}: a filter", context))
    with dbapi.recording() as statements:
        errors = [f"{name}: {error}" for name, context in requests if (error := _answer(context))]
    if errors:
        raise PermanentError("\n".join(errors), hint="biaac dashboards validate")
    return Warmed(len(requests), list(dict.fromkeys(statements)))


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
