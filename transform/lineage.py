"""Which streams of Bronze a model is made of, by way of every model between."""

from sqlmesh import Context
from sqlmesh.core.dialect import MacroFunc
from sqlmesh.core.model import Model, SqlModel


def streams(context: Context) -> dict[str, set[str]]:
    """Model, by its full name -> the streams (``connection/stream``) that its rows come from."""
    read: dict[str, set[str]] = {}
    for name in context.dag.sorted:  # what a model reads comes before it
        if model := context.models.get(name):
            read[name] = _own(model).union(*(read.get(upstream, set()) for upstream in model.depends_on))
    return read


def _own(model: Model) -> set[str]:
    """The streams that the model's own query names: ``@bronze('shop/orders', ...)``."""
    macros = model.query.find_all(MacroFunc) if isinstance(model, SqlModel) else []
    return {macro.this.expressions[0].name for macro in macros if macro.this.name.lower() == "bronze"}
