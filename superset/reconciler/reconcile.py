"""Superset brought to the files and the current release: what both jobs, apply and refresh, do."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from biaac import objects, releases
from biaac.clients import storage_client
from biaac.errors import PermanentError
from compiler.catalog import Catalog
from compiler.checks import compile_checked
from reconciler import remembered
from reconciler.candidate import ask
from settings import ADMIN, SupersetSettings

if TYPE_CHECKING:
    from flask import Flask

    from .store import Change
    from .warm import Warmed


@dataclass(frozen=True)
class Reconciled:
    """The release on show, what was changed, what was warmed (nothing by a plan), and what a person should know."""

    release: str
    changes: "list[Change]"
    warmed: "Warmed | None"
    notes: list[str]


def reconcile(settings: SupersetSettings, start: "Callable[[], Flask]", *, plan: bool = False) -> Reconciled:
    """Make Superset equal to the files, warm it, and leave its statements for the cache service to warm by.

    The default period follows how far the data reaches, so a new release may change a dashboard as a file may.
    ``start`` is called only when the files are known to be valid, and every chart to run: it takes seconds.
    """
    storage = storage_client(settings)
    lake = storage.bucket(settings.lake_bucket)
    pointer = releases.pointer(lake, settings.environment)
    if pointer is None:
        raise PermanentError(f"{settings.environment} has no release yet", hint="biaac sync NAME")
    release = releases.read(lake, settings.environment, pointer.release)
    catalog = Catalog.of_release(lake, release)
    with remembered.files(lake, release, settings.files, held=pointer.held is not None) as (folder, waiting):
        bundle = compile_checked(folder, catalog)
    bundle.waiting.update(waiting)
    ask(bundle, settings.cache_url, release.id)
    with _as_admin(start(), release.id):
        from .store import apply
        from .warm import warm

        changes = apply(bundle, database_uri=database_uri(settings.cache_url), dry_run=plan)
        warmed = None if plan else warm(bundle)
    if warmed is not None:
        statements = {"statements": warmed.statements}
        objects.update(storage.bucket(settings.ops_bucket), f"warm/{settings.environment}.json", lambda _: statements)
        if not pointer.held:
            remembered.keep(lake, release, settings.files)
    return Reconciled(release.id, changes, warmed, list(bundle.waiting.values()))


def start_superset() -> "Flask":
    """Superset's application in this process."""
    gc.disable()  # importing Superset makes millions of objects that stay: collecting among them costs a quarter of it
    from superset.app import create_app

    app: Flask = create_app(superset_config_module="job_config")
    gc.enable()
    return app


def database_uri(cache_url: str) -> str:
    """``grpc://host:port`` -> ``biaac://host:port/``."""
    address = urlsplit(cache_url)
    return f"biaac://{address.netloc}/" + ("?tls=true" if address.scheme == "grpc+tls" else "")


@contextmanager
def _as_admin(app: "Flask", release: str) -> Iterator[None]:
    """A request by the user ``admin``, seeing ``release``."""
    from flask import g

    with app.test_request_context():
        from superset.extensions import security_manager

        g.user = security_manager.find_user(ADMIN)
        if g.user is None:
            raise PermanentError(
                f"Superset has no user {ADMIN}", hint=".biaac/envs/superset/bin/python superset/bootstrap.py"
            )
        g.release = release
        yield
