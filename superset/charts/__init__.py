"""Chart kinds, one file each: what a person writes, Superset's form, its queries, its height.

``{donut: revenue, by: brand}`` in a dashboard is read by ``donut.py``. Every module here is imported: a new kind is a
new file and nothing else. All kinds share ``kind.py``, those over time ``time_series.py``.
"""

from importlib import import_module
from pkgutil import iter_modules

from .kind import Kind

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

KINDS: dict[str, type[Kind]] = {
    kind.kind(): kind for kind in sorted(Kind.__subclasses__(), key=lambda kind: kind.kind())
}
