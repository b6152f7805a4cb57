"""Whether the dashboards fit a release that readers do not see yet: a step of the workflow, before its promotion.

Superset itself is not started: that takes seconds, and what can break is the files, their columns and their SQL.
"""

from biaac import releases, runs
from biaac.clients import storage_client
from biaac.errors import PermanentError, TransientError
from compiler.bundle import Bundle
from compiler.catalog import Catalog
from compiler.checks import compile_checked
from compiler.statements import statements
from plugin import dbapi, flight
from settings import SupersetSettings

from . import remembered


def check(settings: SupersetSettings, release_id: str, *, execution: str) -> Bundle:
    """Compile every dashboard against ``release_id`` and ask its queries of it; the bundle.

    ``PermanentError`` names chart, file and line of each that does not fit: the run of ``execution`` is then rejected
    by that reason, and readers keep the release they have. ``TransientError`` if the cache service does not answer.
    """
    storage = storage_client(settings)
    lake, environment = storage.bucket(settings.lake_bucket), settings.environment
    release = releases.read(lake, environment, release_id)
    catalog = Catalog.of_release(lake, release, releases.current(lake, environment))
    try:
        bundle = compile_checked(settings.files, catalog)
        ask(bundle, settings.cache_url, release_id)
    except PermanentError as error:
        message = f"dashboards do not fit release {release_id}, readers keep the one they have:\n{error.message}"
        runs.reject(storage.bucket(settings.ops_bucket), environment, execution, message)
        raise PermanentError(message, hint=error.hint) from None
    remembered.keep(lake, release, settings.files)
    return bundle


def ask(bundle: Bundle, url: str, release: str) -> None:
    """Every query of a bundle asked of a release; ``PermanentError`` names what it refuses, or answers in part."""
    faults = []
    for place, sql, limit in statements(bundle):
        try:
            with dbapi.clean_errors(url):
                rows = flight.query(url, sql, release=release).num_rows
        except dbapi.OperationalError as error:
            raise TransientError(str(error)) from None
        except dbapi.ProgrammingError as error:
            faults.append(f"{place}: {error}")
        else:
            if limit and rows >= limit:
                faults.append(f"{place}: {limit:,} groups and more, of which only so many can be shown: group by less")
    if faults:
        raise PermanentError("\n".join(faults), hint="biaac dashboards plan")
