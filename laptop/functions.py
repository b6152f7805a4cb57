"""Cloud Run functions on the laptop: every entry point of ``functions/main.py`` in one process, each under its path.

In the cloud each entry point is a deployment of its own, called at its root. All of them come from one source:
functions-framework loads each source as the module ``main``, so two in one process would run each other's code.
"""

from collections.abc import Iterable
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import functions_framework
from werkzeug.exceptions import NotFound

from biaac.settings import ROOT

ENTRY_POINTS = ["sync", "bronze_finalized", "sweep", "warm_cache", "promote"]


def create_app(source: Path, entry_points: list[str]) -> WSGIApplication:
    """Each of ``entry_points`` of ``source`` at ``/<its name>``; any other path is 404 and names them."""
    functions = {f"/{name}": functions_framework.create_app(name, str(source)) for name in entry_points}
    not_found = NotFound(f"The functions here: {', '.join(functions)}")

    def dispatch(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # not werkzeug's DispatcherMiddleware: it leaves an empty path, which Flask answers with a redirect to "/"
        path = environ["PATH_INFO"]
        function: WSGIApplication = functions.get(path, not_found)
        return function({**environ, "SCRIPT_NAME": path, "PATH_INFO": "/"}, start_response)

    return dispatch


app = create_app(ROOT / "functions/main.py", ENTRY_POINTS)
