"""Superset's database in the cloud knows its workloads by their service accounts: their password is a Google token.

Imported for its effect: every SQLAlchemy engine of the process, Superset's own and its migrations', that connects to a
socket (Cloud Run puts Cloud SQL's there) without a password shows a token. Google's connector library would do the
same, but it has no driver for psycopg2, which Superset is tested with.
https://cloud.google.com/sql/docs/postgres/iam-authentication
"""

from functools import cache
from typing import Any

import google.auth
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from sqlalchemy import event
from sqlalchemy.engine import Engine

from biaac.errors import TransientError

SCOPE = "https://www.googleapis.com/auth/sqlservice.login"
OWNER = "cloudsqlsuperuser"  # of the database: what one workload makes, the others may use


@event.listens_for(Engine, "do_connect")  # type: ignore[untyped-decorator]
def log_in(_dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]) -> None:
    """Add the token of this workload to a login by socket that has no password."""
    if str(parameters.get("host", "")).startswith("/") and "password" not in parameters:
        parameters |= {"password": _token(), "options": f"-c role={OWNER}"}


def _token() -> str:
    credentials = _credentials()
    try:
        if not credentials.valid:  # it ends within the hour; a login that stands does not ask again
            credentials.refresh(Request())
    except GoogleAuthError as error:
        raise TransientError(f"no token for the database: {error}") from None
    return str(credentials.token)


@cache
def _credentials() -> Any:
    credentials, _project = google.auth.default(scopes=[SCOPE])
    return credentials
