"""Airbyte's public API in front of our sync jobs: stateless, so that it may scale to zero and die at any moment.

    gunicorn ingestion.api:app          under /api/public/v1, as a self-managed Airbyte serves it

What it knows lies in objects on Cloud Storage (``jobs``, ``claims``); a sync is one execution of a Cloud Run job.
The genuine airbyte-api SDK drives it, as far as this project calls the API; the rest is refused by name. A job's
``startTime`` has milliseconds and is the epoch in the names of its Bronze files. Reference: https://reference.airbyte.com/reference/getting-started.
"""

from collections.abc import Iterable
from functools import cache
from heapq import merge
from itertools import islice
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from flask import Flask, Response, jsonify, request
from google.cloud.storage import Bucket
from werkzeug.exceptions import HTTPException

from biaac import connections
from biaac.clients import storage_client
from biaac.connections import Connection
from biaac.errors import BiaacError
from ingestion import claims, job_records
from ingestion.job_records import Job, Kind, Status
from ingestion.settings import Settings

PREFIX = "/api/public/v1"
WORKSPACE = str(uuid5(NAMESPACE_URL, "biaac/workspace"))
DESTINATION = str(uuid5(NAMESPACE_URL, "biaac/destinations/bronze"))
PAGE, LARGEST_PAGE = 20, 100  # as the public API has them
LISTING = {"connectionId", "status", "orderBy", "limit", "offset"}  # parameters of a list of jobs
ORDER = "createdAt|DESC"
MODES = {"incremental": "incremental_append", "full_refresh": "full_refresh_overwrite"}

app = Flask(__name__)


class Problem(Exception):
    """An error response, as RFC 9457 problem+json."""

    def __init__(self, status: int, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        address = f"https://reference.airbyte.com/reference/errors#{kind}"
        self.body = {"status": status, "type": address, "title": kind, "detail": detail}


@cache
def _settings() -> Settings:
    return Settings.load()


@cache
def _ops() -> Bucket:
    return storage_client(_settings()).bucket(_settings().ops_bucket)


@app.errorhandler(Problem)
def problem(error: Problem) -> tuple[Response, int]:
    """A problem as its response."""
    response = jsonify(error.body)
    response.content_type = "application/problem+json"
    return response, error.status


@app.errorhandler(BiaacError)
def ours(error: BiaacError) -> tuple[Response, int]:
    """409 for a connection that has a running job, else the status of the error tree."""
    kind = "try-again-later" if error.status in (409, 503) else "unprocessable-entity"
    return problem(Problem(error.status, kind, str(error)))


@app.errorhandler(HTTPException)
def unknown(error: HTTPException) -> tuple[Response, int]:
    """An unknown path, a wrong method, a body that is not JSON: what Flask refuses."""
    return problem(Problem(error.code or 500, "request", error.description or error.name))


@app.get(f"{PREFIX}/health")
def health() -> str:
    """Whether the server answers, with Airbyte's own words."""
    return "Successful operation"


@app.get(f"{PREFIX}/connections")
def list_connections() -> dict[str, Any]:
    """Every connection file."""
    declared = connections.load(_settings().connections)
    return _page(map(_connection, declared.values()))


@app.get(f"{PREFIX}/jobs")
def list_jobs() -> dict[str, Any]:
    """Jobs of one connection or of all, newest first."""
    query = request.args
    for name in query.keys() - LISTING:
        raise _invalid(name, query[name], f"no such parameter, but {', '.join(sorted(LISTING))}")
    if query.get("orderBy", ORDER) != ORDER:
        raise _invalid("orderBy", query["orderBy"], ORDER)
    declared = connections.load(_settings().connections).values()
    chosen = [each for each in declared if query.get("connectionId") in (None, str(each.id))]
    page = job_records.LARGEST_PAGE if "status" in query else _number("limit", PAGE) + _number("offset", 0)
    lists = [job_records.newest_first(_ops(), each.name, page=page) for each in chosen]
    jobs = (claims.settle(_settings(), _ops(), job) for job in merge(*lists, key=lambda job: -job.id))
    return _page(_job(job) for job in jobs if query.get("status") in (None, job.status))


@app.post(f"{PREFIX}/jobs")
def create_job() -> dict[str, Any]:
    """Start a job; 409 while the connection has one."""
    body = request.get_json()
    if not isinstance(body, dict) or "connectionId" not in body:
        raise _invalid("connectionId", None, "the id of a connection")
    kind = body.get("jobType", "sync")
    if kind == "refresh":
        raise Problem(422, "unprocessable-entity", "Refreshes are not supported in the public API")
    if kind not in list(Kind):
        raise _invalid("jobType", kind, "sync, reset or clear")
    return _job(claims.start(_settings(), _ops(), _by_id(str(body["connectionId"])), Kind(kind)))


@app.get(f"{PREFIX}/jobs/<int:job_id>")
def get_job(job_id: int) -> dict[str, Any]:
    """One job as it stands."""
    return _job(claims.settle(_settings(), _ops(), _find(job_id)))


@app.delete(f"{PREFIX}/jobs/<int:job_id>")
def cancel_job(job_id: int) -> dict[str, Any]:
    """Cancel a running job; 409 for one that has ended."""
    job = claims.settle(_settings(), _ops(), _find(job_id))
    if not job.active:
        raise Problem(409, "state-conflict", f"job {job_id} is not running, it is {job.status}")
    return _job(claims.cancel(_settings(), _ops(), job))


def _find(job_id: int) -> Job:
    job = job_records.find(_ops(), job_id)
    if job is None:
        raise Problem(404, "resource-not-found", f"job {job_id} does not exist")
    return job


def _by_id(connection_id: str) -> Connection:
    for connection in connections.load(_settings().connections).values():
        if str(connection.id) == connection_id:
            return connection
    raise Problem(404, "resource-not-found", f"connection {connection_id} does not exist")


def _page(items: Iterable[Any]) -> dict[str, Any]:
    """One page by limit and offset."""
    limit, offset = _number("limit", PAGE), _number("offset", 0)
    if not 1 <= limit <= LARGEST_PAGE:
        raise _invalid("limit", limit, f"1 to {LARGEST_PAGE}")
    return {"data": list(islice(items, offset, offset + limit))}


def _number(name: str, default: int) -> int:
    text = request.args.get(name, str(default))
    if not text.isdigit():
        raise _invalid(name, text, "a number")
    return int(text)


def _invalid(name: str, value: object, expected: str) -> Problem:
    return Problem(400, "bad-request", f"{name}: expected {expected}, found {value!r}")


def _connection(connection: Connection) -> dict[str, Any]:
    streams = [
        {"name": s.name, "syncMode": MODES[s.mode], "primaryKey": [[key] for key in s.primary_key]}
        | ({"cursorField": [s.cursor]} if s.cursor else {})
        for s in connection.enabled_streams
    ]
    return {
        "connectionId": str(connection.id),
        "name": connection.name,
        "sourceId": str(uuid5(NAMESPACE_URL, f"biaac/sources/{connection.name}")),
        "destinationId": DESTINATION,
        "workspaceId": WORKSPACE,
        "status": "active",
        "schedule": {"scheduleType": "manual"},  # Cloud Scheduler starts syncs, not this server
        "dataResidency": "auto",
        "nonBreakingSchemaUpdatesBehavior": "ignore",
        "namespaceDefinition": "custom_format",
        "namespaceFormat": connection.name,
        "configurations": {"streams": streams},
        "createdAt": 0,
        "tags": [],
        "statusReason": None,
    }


def _job(job: Job) -> dict[str, Any]:
    duration = (job.ended_at or job.updated_at) - job.created_at
    return {
        "jobId": job.id,
        "status": Status(job.status).value,
        "jobType": job.kind.value,
        "connectionId": str(job.connection_id),
        "startTime": job_records.text(job.created_at),
        "lastUpdatedAt": job_records.text(job.updated_at),
        "duration": f"PT{max(duration.total_seconds(), 0):.3f}S",
        "rowsSynced": sum(job.rows.values()),
        "bytesSynced": job.bytes,
    }
