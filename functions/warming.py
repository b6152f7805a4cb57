"""What a transform decided, and the cache warmed with its candidate, for the workflow's next step."""

import json
import re

import structlog
from pyarrow import flight
from pyarrow.lib import ArrowException, ArrowInvalid

from biaac import runs
from biaac.errors import PermanentError, TransientError
from biaac.flight import options
from clients import Clients

TIMEOUT_S = 280  # the workflow allows this step 300
SQLSTATE = re.compile(r"\b[0-9A-Z]{5}: ")  # in errors of the service itself, not in those of a server before it

log = structlog.get_logger()


def decided(clients: Clients, execution: str) -> runs.Run:
    """The record of one workflow execution; ``TransientError`` while there is none."""
    run = runs.read(clients.ops, clients.settings.environment, execution)
    if run is None:
        raise TransientError(f"run {execution} has no record yet: its transform has not decided")
    return run


def warm(clients: Clients, execution: str, release: str) -> None:
    """Have the cache service load a candidate and answer the dashboards' queries once.

    ``PermanentError`` if it refuses the caller, or never can: a file is missing or corrupt, the release is unknown.
    Then the run of ``execution`` is rejected, and readers keep the release they have.
    ``TransientError`` if it does not answer, or fails in a way that another call may not.
    """
    url, environment = clients.cache_url, clients.settings.environment
    body = json.dumps({"environment": environment, "release": release}).encode()
    try:
        with flight.connect(url) as cache:
            answers = cache.do_action(("warm", body), options(url, timeout=TIMEOUT_S))
            report = next((json.loads(answer.body.to_pybytes()) for answer in answers), None)
    except (flight.FlightUnauthenticatedError, flight.FlightUnauthorizedError, ArrowInvalid) as error:
        raise PermanentError(f"cache at {url} refuses to warm {release}: {error}", hint="biaac doctor") from None
    except (ArrowException, OSError) as error:  # Flight's own errors are ArrowExceptions; it has no common base
        if isinstance(error, flight.FlightServerError) and SQLSTATE.search(str(error)):
            message = f"cache at {url} cannot serve {release}: {error}"
            runs.reject(clients.ops, environment, execution, message)
            raise PermanentError(message, hint="biaac releases") from None
        raise TransientError(f"cache at {url} has not warmed {release}: {error}") from None
    log.info("cache is warm", release=release, report=report)
