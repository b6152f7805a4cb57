"""Airbyte's public API as far as the project uses it: connections by name, their jobs, starting a sync.

    airbyte = Airbyte(AirbyteSettings.load())
    job = airbyte.start("shop")
    rows_may_be_read = [job for job in airbyte.newest_jobs("shop") if job.delivered]

One API, three servers: our ``ingestion`` on Cloud Run (needs a Google identity token; on a laptop nothing),
Airbyte Cloud and an Airbyte of one's own (need a token, which they give for client id and secret).

It goes through Airbyte's own SDK (airbyte-api 1.0.1), around what the SDK gets wrong: its token exchange joins the
token address to the wrong root, sends a form where servers want JSON, and keeps tokens per client id in a class
variable (airbyte-api-python-sdk#106, #112). So the token is fetched here and handed to the SDK ready to use.

Reads are retried. Starting a sync is not, since a lost response may hide a job that runs.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count, islice, takewhile
from typing import Any, TypeVar

import httpx
from airbyte_api import AirbyteAPI, models
from airbyte_api.api import ListConnectionsRequest, ListJobsRequest
from airbyte_api.errors import NoResponseError, ResponseValidationError, SDKError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from biaac import identity
from biaac.errors import BiaacError, PermanentError, TransientError
from biaac.settings import AirbyteSettings

TIMEOUT_MS = 10_000  # Airbyte Cloud lists jobs in less than a second
NEWEST = 20  # jobs one request lists; older ones are admitted along with any of these
PAGE = 100  # the API's largest
NOT_FOUND_HINT = "check AIRBYTE_URL: it ends in /v1; Cloud Run also answers 404 to requests from outside its network"
TOKEN_MARGIN_S = 30  # a token lives 3 to 15 minutes, depending on the server's version
LIVE = {"pending", "queued", "running", "incomplete"}  # incomplete: an attempt failed, another follows
MOVES_DATA = {"sync", "refresh"}  # the other types, reset and clear, delete
READS = Retrying(
    retry=retry_if_exception_type(TransientError),
    stop=stop_after_attempt(3),
    wait=wait_exponential_jitter(multiplier=0.2, max=2, jitter=0.2),
    reraise=True,
)

Response = TypeVar("Response")


class AlreadyRunning(TransientError):
    """Airbyte runs one job of a connection at a time and answers 409 to a second."""


class UnknownConnection(PermanentError):
    """Airbyte has no connection of that name."""


@dataclass(frozen=True)
class Job:
    """One job of a connection. ``rows`` is what Airbyte has counted so far."""

    id: int
    type: str
    state: str
    started_at: datetime
    updated_at: datetime  # of a job that is not live: when it ended
    rows: int | None = None

    @property
    def live(self) -> bool:
        """Whether Airbyte may still change it."""
        return self.state in LIVE

    @property
    def moves_data(self) -> bool:
        """Whether it brings rows to Bronze, rather than clears them."""
        return self.type in MOVES_DATA

    @property
    def delivered(self) -> bool:
        """Whether it brought rows and succeeded, so that they may be read."""
        return self.moves_data and self.state == "succeeded"


class Airbyte:
    """One server. Connection ids are looked up by name and kept: they do not change while a connection exists."""

    def __init__(self, settings: AirbyteSettings, *, http: httpx.Client | None = None) -> None:
        self._settings = settings
        self._http = http or httpx.Client(follow_redirects=True)
        self._token: tuple[str, float] | None = None  # and when to fetch another
        self._ids: dict[str, str] = {}
        self._sdk = AirbyteAPI(
            server_url=settings.airbyte_url,
            security=self._security,
            client=self._http,
            timeout_ms=TIMEOUT_MS,
        )

    def newest_jobs(self, connection: str) -> list[Job]:
        """The newest jobs of a connection, whatever their type and state, newest first."""
        jobs = islice(self._jobs(connection, size=NEWEST), NEWEST)
        return sorted(jobs, key=lambda job: job.id, reverse=True)

    def delivered_after(self, connection: str, job_id: int) -> list[Job]:
        """Every job newer than ``job_id`` whose rows may be read, oldest first.

        ``UnknownConnection`` if Airbyte has no such connection. ``airbyte.delivered_after("shop", 17)``
        """
        newer = takewhile(lambda job: job.id > job_id, self._jobs(connection, size=PAGE, state="succeeded"))
        jobs = {job.id: job for job in newer if job.delivered}  # a job that starts meanwhile shifts the pages
        return [jobs[id_] for id_ in sorted(jobs)]

    def start(self, connection: str) -> Job:
        """Start a sync; ``AlreadyRunning`` where the connection is busy. Never repeated."""
        request = models.JobCreateRequest(connection_id=self._id(connection), job_type=models.JobTypeEnum.SYNC)
        return _job(self._call(lambda: self._sdk.jobs.create_job(request=request).job_response))

    def _jobs(self, connection: str, *, size: int, state: str | None = None) -> Iterator[Job]:
        connection_id = self._id(connection)

        def page(offset: int) -> models.JobsResponse | None:
            request = ListJobsRequest(
                connection_id=connection_id,
                status=models.JobStatusEnum(state) if state else None,
                order_by="createdAt|DESC",
                limit=size,
                offset=offset,
            )
            return self._sdk.jobs.list_jobs(request=request).jobs_response

        return map(_job, self._items(page, size))

    def _items(self, page: Callable[[int], Any], size: int) -> Iterator[Any]:
        """The items of a list, a page at a time as they are used up."""
        for offset in count(0, size):
            items = READS(self._call, lambda: page(offset)).data  # noqa: B023  called before the next offset
            yield from items
            if len(items) < size:
                return

    def _id(self, connection: str) -> str:
        if connection not in self._ids:
            self._ids |= self._list_connections()
        if connection not in self._ids:
            raise UnknownConnection(
                f"Airbyte at {self._settings.airbyte_url} has no connection named {connection!r}; "
                f"there are: {', '.join(sorted(self._ids)) or 'none'}",
                hint=self._settings.airbyte_lacks_hint,
            )
        return self._ids[connection]

    def _list_connections(self) -> dict[str, str]:
        def page(offset: int) -> models.ConnectionsResponse | None:
            request = ListConnectionsRequest(limit=PAGE, offset=offset)
            return self._sdk.connections.list_connections(request=request).connections_response

        return {connection.name: connection.connection_id for connection in self._items(page, PAGE)}

    def _call(self, call: Callable[[], Response | None]) -> Response:
        """Make one call of the SDK: its response, or one of our errors."""
        try:
            response = call()
        except SDKError as error:
            raise self._refusal(error) from None
        except ResponseValidationError as error:
            raise PermanentError(
                f"Airbyte at {self._settings.airbyte_url} answered what airbyte-api 1.0.1 cannot read: {error.cause}",
                hint="upgrade airbyte-api in pyproject.toml",
            ) from None
        except (httpx.TransportError, NoResponseError) as error:
            raise TransientError(
                f"Airbyte at {self._settings.airbyte_url} does not answer: {error or type(error).__name__}"
            ) from None
        if response is None:
            raise TransientError(f"Airbyte at {self._settings.airbyte_url} answered nothing")
        return response

    def _refusal(self, error: SDKError) -> BiaacError:
        status = error.status_code
        message = f"Airbyte at {self._settings.airbyte_url} answered {status}: {' '.join(error.body.split())[:200]}"
        if status == 409:
            return AlreadyRunning(message)
        if status in (401, 403):
            self._token = None
            return PermanentError(message, hint=self._settings.airbyte_hint)
        if status == 404:
            self._ids.clear()  # a connection made anew has another id
            return PermanentError(message, hint=NOT_FOUND_HINT)
        if status in (408, 425, 429) or status >= 500:
            return TransientError(message)
        return PermanentError(message, hint="check AIRBYTE_URL: it ends in /v1")

    def _security(self) -> models.Security | None:
        if self._settings.airbyte_client_id is None:
            authorization = identity.authorization(self._settings.airbyte_url)
            return models.Security(bearer_auth=authorization) if authorization else None
        if self._token is None or time.monotonic() > self._token[1]:
            self._token = self._fetch_token()
        return models.Security(bearer_auth=self._token[0])

    def _fetch_token(self) -> tuple[str, float]:
        secret = self._settings.airbyte_client_secret
        address = f"{self._settings.airbyte_url.rstrip('/')}/applications/token"
        response = self._http.post(
            address,
            json={
                "client_id": self._settings.airbyte_client_id,
                "client_secret": secret.get_secret_value() if secret else "",
                "grant-type": "client_credentials",  # Airbyte's spelling
                "grant_type": "client_credentials",  # the OAuth one, which some versions want
            },
            timeout=TIMEOUT_MS / 1000,
        )
        if response.status_code >= 500 or response.status_code == 429:
            raise TransientError(f"{address} answered {response.status_code}")
        try:
            body = response.json()
            return body["access_token"], time.monotonic() + float(body.get("expires_in", 180)) - TOKEN_MARGIN_S
        except (ValueError, KeyError, TypeError):
            raise PermanentError(
                f"{address} gave no token: {response.status_code} {response.text[:200]}",
                hint="check AIRBYTE_URL, AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET",
            ) from None


def _job(job: models.JobResponse) -> Job:
    return Job(
        id=job.job_id,
        type=job.job_type.value,
        state=job.status.value,
        started_at=datetime.fromisoformat(job.start_time),
        updated_at=datetime.fromisoformat(job.last_updated_at or job.start_time),
        rows=job.rows_synced,
    )
