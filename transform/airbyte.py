"""Airbyte's public API as far as admission needs it: which syncs have succeeded.

Plain HTTP instead of the SDK (``biaac.airbyte``): docs/adr/0002.
"""

from typing import Any

import httpx
from pydantic import AwareDatetime, BaseModel, Field
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from biaac import identity
from biaac.errors import PermanentError, TransientError
from biaac.settings import AirbyteSettings
from transform.progress import say

PAGE = 100  # the API's largest
TIMEOUT_S = 20
MOVES_DATA = ("sync", "refresh")  # the other kinds of job clear


class SucceededJob(BaseModel):
    """A job whose rows may be read."""

    id: int = Field(alias="jobId")
    finished_at: AwareDatetime = Field(alias="lastUpdatedAt")


def succeeded_jobs(settings: AirbyteSettings, after: dict[str, int]) -> dict[str, list[SucceededJob]]:
    """Connection -> its succeeded syncs with an id above ``after[connection]``, oldest first.

    A connection that Airbyte does not know has none: it is declared, and not applied yet.
    """
    with httpx.Client(base_url=settings.airbyte_url.rstrip("/"), timeout=TIMEOUT_S) as client:
        if settings.airbyte_client_id:
            client.headers["authorization"] = f"Bearer {_token(client, settings)}"
        elif authorization := identity.authorization(settings.airbyte_url):
            client.headers["authorization"] = authorization
        ids = {connection["name"]: connection["connectionId"] for connection in _pages(client, "/connections", {})}
        for name in sorted(after.keys() - ids.keys()):
            say(f"connection {name} is not in Airbyte at {settings.airbyte_url} yet; {settings.airbyte_lacks_hint}")
        return {name: _jobs(client, ids[name], after[name]) if name in ids else [] for name in after}


def _jobs(client: httpx.Client, connection_id: str, after: int) -> list[SucceededJob]:
    found: dict[int, SucceededJob] = {}
    query = {"connectionId": connection_id, "status": "succeeded", "orderBy": "createdAt|DESC"}
    for job in _pages(client, "/jobs", query):
        if job["jobId"] <= after:
            break  # the newest come first
        if job["status"] == "succeeded" and job["jobType"] in MOVES_DATA:
            found[job["jobId"]] = SucceededJob.model_validate(job)
    return [found[job] for job in sorted(found)]


def _pages(client: httpx.Client, path: str, query: dict[str, str]) -> Any:
    offset = 0
    while True:
        page = _call(client, "GET", path, params={**query, "limit": PAGE, "offset": offset})["data"]
        yield from page
        if len(page) < PAGE:
            return
        offset += PAGE


def _token(client: httpx.Client, settings: AirbyteSettings) -> str:
    secret = settings.airbyte_client_secret.get_secret_value() if settings.airbyte_client_secret else ""
    body = {"client_id": settings.airbyte_client_id, "client_secret": secret, "grant-type": "client_credentials"}
    return str(_call(client, "POST", "/applications/token", json=body)["access_token"])


@retry(
    retry=retry_if_exception_type(TransientError),
    stop=stop_after_attempt(4),
    wait=wait_exponential_jitter(multiplier=0.25, max=5, jitter=0.25),
    reraise=True,
)
def _call(client: httpx.Client, method: str, path: str, **arguments: Any) -> Any:
    try:
        answer = client.request(method, path, **arguments)
    except httpx.TransportError as error:
        raise TransientError(f"Airbyte at {client.base_url} does not answer: {error!r}") from None
    said = f"Airbyte answered {answer.status_code} to {method} {answer.url}: {answer.text[:200]}"
    if answer.status_code == 429 or answer.status_code >= 500:
        raise TransientError(said)
    if answer.status_code >= 400:
        raise PermanentError(said, hint="check AIRBYTE_URL (it ends in /v1), AIRBYTE_CLIENT_ID and _SECRET")
    return answer.json()
