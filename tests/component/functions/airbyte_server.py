"""Airbyte's public API as the outside world serves it, for tests: connections and jobs in memory, and its quirks.

A second job of a connection gets 409 as problem+json; lists default to 20 a page, oldest first unless ordered;
``startTime`` is in whole seconds; the token endpoint reads JSON only.
"""

import logging
import socket
import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import flask
from werkzeug.serving import make_server

LIVE = {"pending", "queued", "running", "incomplete"}


@dataclass
class FakeAirbyte:
    """``calls`` counts requests by method and path; each of ``answers`` is given instead of the next real one.

    ``ends`` says at which listing a running job has ended as ``finish_as``: job -> number of the listing.
    """

    connections: dict[str, str] = field(default_factory=dict)  # name -> id
    jobs: list[dict[str, Any]] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    answers: deque[tuple[int, str, str] | None] = field(default_factory=deque)  # None: the connection is dropped
    ends: dict[int, int] = field(default_factory=dict)
    finish_as: str = "succeeded"
    finish_rows: int = 10
    secret: str | None = None
    grant: str = "grant-type"  # the spelling that the token endpoint reads
    tokens_given: int = 0
    url: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def add_connection(self, name: str) -> None:
        self.connections[name] = str(uuid4())

    def start(self, connection: str, *, state: str = "running", at: datetime | None = None, kind: str = "sync") -> int:
        started = (at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
        with self.lock:
            job = {
                "jobId": len(self.jobs) + 1,
                "status": state,
                "jobType": kind,
                "startTime": started,
                "lastUpdatedAt": started,
                "connectionId": self.connections[connection],
            }
            self.jobs.append(job)
            return int(job["jobId"])

    def finish(self, job: int, state: str, *, rows: int = 10) -> None:
        with self.lock:
            self.jobs[job - 1] |= {"status": state, "rowsSynced": rows}

    def app(self) -> flask.Flask:
        app = flask.Flask("airbyte")
        root = "/api/public/v1"

        app.before_request(lambda: self._unusual(flask.request.path.removeprefix(root)))

        @app.post(f"{root}/applications/token")
        def token() -> flask.typing.ResponseReturnValue:
            body = flask.request.get_json()  # a form is refused with 415
            if body["client_secret"] != self.secret or body.get(self.grant) != "client_credentials":
                return problem(401, "invalid client")
            self.tokens_given += 1
            return {"access_token": f"token-{self.tokens_given}", "token_type": "Bearer", "expires_in": 180}

        @app.get(f"{root}/connections")
        def list_connections() -> flask.typing.ResponseReturnValue:
            return page([airbyte_connection(name, id_) for name, id_ in self.connections.items()])

        @app.get(f"{root}/jobs")
        def list_jobs() -> flask.typing.ResponseReturnValue:
            with self.lock:
                for job, listing in self.ends.items():
                    if self.calls["GET /jobs"] >= listing and job <= len(self.jobs):
                        self.finish(job, self.finish_as, rows=self.finish_rows)
                query = flask.request.args
                jobs = [dict(job) for job in self.jobs if job["connectionId"] == query["connectionId"]]
            jobs = [job for job in jobs if query.get("status") in (None, job["status"])]
            return page(jobs[::-1] if query.get("orderBy") == "createdAt|DESC" else jobs)

        @app.post(f"{root}/jobs")
        def create_job() -> flask.typing.ResponseReturnValue:
            body = flask.request.get_json()
            with self.lock:
                names = {id_: name for name, id_ in self.connections.items()}
                if body["connectionId"] not in names:
                    return problem(404, "Could not find configuration for STANDARD_SYNC")
                if any(j["status"] in LIVE and j["connectionId"] == body["connectionId"] for j in self.jobs):
                    return problem(409, f"A sync is already running for: {body['connectionId']}")
                job = self.start(names[body["connectionId"]], state="pending", kind=body["jobType"])
                return dict(self.jobs[job - 1])

        return app

    def _unusual(self, path: str) -> flask.typing.ResponseReturnValue | None:
        """Count the call; the answer that a test gives instead of the real one, if any."""
        self.calls[f"{flask.request.method} {path}"] += 1
        if path.endswith("/token"):
            return None
        if self.answers:
            answer = self.answers.popleft()
            if answer is None:
                flask.request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
                return "", 500
            return flask.Response(answer[1], status=answer[0], content_type=answer[2])
        if self.secret and flask.request.headers.get("Authorization") != f"Bearer token-{self.tokens_given}":
            return problem(401, "Unauthorized")
        return None


def problem(status: int, detail: str) -> flask.Response:
    body = flask.json.dumps({"status": status, "title": "problem", "detail": detail})
    return flask.Response(body, status=status, content_type="application/problem+json")


def page(items: list[dict[str, Any]]) -> dict[str, Any]:
    offset, limit = flask.request.args.get("offset", 0, int), flask.request.args.get("limit", 20, int)
    return {"data": items[offset : offset + limit], "previous": "", "next": ""}


def serve(airbyte: FakeAirbyte, app: flask.Flask | None = None) -> Any:
    """Serve on a free port of loopback, within ``app`` where that has more than Airbyte; the caller shuts it down."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app or airbyte.app(), threaded=True)
    airbyte.url = f"http://127.0.0.1:{server.server_port}/api/public/v1"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


def airbyte_connection(name: str, id_: str) -> dict[str, Any]:
    """A connection as the API lists it."""
    return {
        "connectionId": id_,
        "name": name,
        "sourceId": "s",
        "destinationId": "d",
        "workspaceId": "w",
        "status": "active",
        "schedule": {"scheduleType": "manual"},
        "configurations": {"streams": []},
        "createdAt": 1,
        "tags": [],
        "dataResidency": "us",
    }
