"""Identity tokens: how one service of the project proves to another, in the cloud, who calls.

    headers = {"Authorization": identity.authorization("https://sync-123.europe-west1.run.app")}

Cloud Run lets a caller in by an OpenID Connect token that Google signed for the address of the service. A workload
gets its token from the metadata server. A person has none, and uses a service account's.
"""

from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from google.auth.exceptions import GoogleAuthError, TransportError

from biaac.errors import PermanentError, TransientError

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

PERSON = (
    "as a person: gcloud auth application-default login --impersonate-service-account=ACCOUNT, then "
    "export GOOGLE_APPLICATION_CREDENTIALS=~/.config/gcloud/application_default_credentials.json"
)


def authorization(url: str) -> str | None:
    """The ``authorization`` header for the service at ``url``; None for an address without TLS, which needs none.

    ``TransientError`` if the metadata server does not answer, ``PermanentError`` if this process has no identity.
    """
    address = urlsplit(url)
    if address.scheme not in {"https", "grpc+tls"}:
        return None
    from google.auth.transport.requests import Request

    audience = f"https://{address.hostname}"
    try:
        credentials = _credentials(audience)
        if not credentials.valid:  # kept while it is
            credentials.refresh(Request())
    except GoogleAuthError as error:
        message = f"no identity token for {audience}: {error}"
        if error.retryable or isinstance(error, TransportError) or isinstance(error.__cause__, TransportError):
            raise TransientError(message) from None
        raise PermanentError(message, hint=PERSON) from None
    return f"Bearer {credentials.token}"


@lru_cache
def _credentials(audience: str) -> "Credentials":
    from google.oauth2.id_token import fetch_id_token_credentials

    credentials: Credentials = fetch_id_token_credentials(audience)  # type: ignore[no-untyped-call]
    return credentials
