"""Airbyte's public API as far as admission needs it: which syncs of a connection have succeeded.

Plain HTTP: the SDK is half a second to import, a seventh of a whole run.
"""

from typing import Any
from uuid import UUID

import httpx
from pydantic import AwareDatetime, BaseModel, Field
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from biaac.errors import PermanentError, TransientError
from biaac.settings import Settings

PAGE = 100
TIMEOUT_S = 20
MOVES_DATA = ("sync", "refresh")  # the other kinds of job clear


class SucceededJob(BaseModel):
    """A job whose rows may be read."""

    id: int = Field(alias="jobId")
    finished_at: AwareDatetime = Field(alias="lastUpdatedAt")


def succeeded_jobs(settings: Settings, connection: UUID, *, after: int) -> list[SucceededJob]:
    """Succeeded syncs of ``connection`` with an id above ``after``, oldest first."""
    found: dict[int, SucceededJob] = {}
    with httpx.Client(base_url=settings.airbyte_url.rstrip("/"), timeout=TIMEOUT_S) as client:
        if settings.airbyte_client_id:
            client.headers["authorization"] = f"Bearer {_token(client, settings)}"
        offset = 0
        while True:
            query = {"connectionId": str(connection), "status": "succeeded", "orderBy": "createdAt|DESC"}
            jobs = _call(client, "GET", "/jobs", params={**query, "limit": PAGE, "offset": offset})["data"]
            for job in jobs:
                if job["status"] == "succeeded" and job["jobType"] in MOVES_DATA and job["jobId"] > after:
                    found[job["jobId"]] = SucceededJob.model_validate(job)
            if len(jobs) < PAGE or min(job["jobId"] for job in jobs) <= after:
                return [found[job] for job in sorted(found)]
            offset += PAGE


def _token(client: httpx.Client, settings: Settings) -> str:
    secret = settings.airbyte_client_secret.get_secret_value() if settings.airbyte_client_secret else ""
    body = {"client_id": settings.airbyte_client_id, "client_secret": secret, "grant-type": "client_credentials"}
    return str(_call(client, "POST", "/applications/token", json=body)["access_token"])


@retry(
    retry=retry_if_exception_type(TransientError),
    stop=stop_after_attempt(4),
    wait=wait_exponential_jitter(initial=0.5, max=5),
    reraise=True,
)
def _call(client: httpx.Client, method: str, path: str, **arguments: Any) -> Any:
    try:
        answer = client.request(method, path, **arguments)
    except httpx.TransportError as error:
        raise TransientError(f"Airbyte at {client.base_url} does not answer: {error!r}") from None
    if answer.status_code == 429 or answer.status_code >= 500:
        raise TransientError(f"Airbyte answered {answer.status_code} to {method} {answer.url}: {answer.text[:200]}")
    if answer.status_code >= 400:
        raise PermanentError(
            f"Airbyte answered {answer.status_code} to {method} {answer.url}: {answer.text[:200]}",
            hint="biaac connections apply, if Airbyte does not know the connection",
        )
    return answer.json()
