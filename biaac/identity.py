"""Identity tokens: how one service of the project proves to another, in the cloud, who is asking."""

from google.auth.exceptions import GoogleAuthError, TransportError

from biaac.errors import PermanentError, TransientError


def token_for(audience: str) -> str:
    """An OpenID Connect token of this workload for the service at ``audience`` (https://host)."""
    from google.auth.transport.requests import Request
    from google.oauth2.id_token import fetch_id_token

    try:
        return str(fetch_id_token(Request(), audience))  # type: ignore[no-untyped-call]
    except TransportError as error:
        raise TransientError(f"no identity token for {audience}: {error}") from None
    except GoogleAuthError as error:
        raise PermanentError(
            f"no identity token for {audience}: {error}",
            hint="gcloud auth application-default login --impersonate-service-account=...",
        ) from None
