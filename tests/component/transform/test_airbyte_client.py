"""Asking Airbyte which syncs succeeded: its pages, its tokens, its bad moments."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from biaac.errors import PermanentError, TransientError
from biaac.settings import AirbyteSettings
from transform.airbyte import succeeded_jobs


class Server(BaseHTTPRequestHandler):
    """Airbyte with one connection and 250 syncs, of which every third failed and every fifth was a clear."""

    asked: list[str]
    failures: list[int]  # statuses to answer next, instead of what was asked

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self._answer(200 if body["client_secret"] == "right" else 401, {"access_token": "t"})

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.failures:
            return self._answer(self.failures.pop(0), {"title": "not now"})
        if self.headers["authorization"] != "Bearer t":
            return self._answer(401, {})
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/v1/connections":
            return self._answer(200, {"data": [{"connectionId": "c-1", "name": "grocery"}]})
        assert (query["connectionId"], query["orderBy"]) == ("c-1", "createdAt|DESC")
        start = int(query["offset"])
        return self._answer(200, {"data": [job for job in JOBS if job["status"] == "succeeded"][start : start + 100]})

    def _answer(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        return


JOBS = [
    {
        "jobId": number,
        "status": "failed" if number % 3 == 0 else "succeeded",
        "jobType": "clear" if number % 5 == 0 else "sync",
        "lastUpdatedAt": "2026-11-24T06:00:00Z",
    }
    for number in range(250, 0, -1)
]
GOOD = [number for number in range(1, 251) if number % 3 and number % 5]


@pytest.fixture
def server() -> Iterator[type[Server]]:
    handler = type("Handler", (Server,), {"asked": [], "failures": []})
    http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    handler.url = f"http://127.0.0.1:{http.server_port}/v1"
    yield handler
    http.shutdown()
    http.server_close()


@pytest.fixture
def airbyte(server: Any, environment: dict[str, str]) -> AirbyteSettings:
    more = {"airbyte_url": server.url, "airbyte_client_id": "me", "airbyte_client_secret": SecretStr("right")}
    return AirbyteSettings.load().model_copy(update=more)


def test_all_pages_are_read_and_only_syncs_that_succeeded_count(airbyte: AirbyteSettings) -> None:
    found = succeeded_jobs(airbyte, {"grocery": 0})
    assert [job.id for job in found["grocery"]] == GOOD


def test_reading_stops_at_the_newest_sync_that_is_in(server: Any, airbyte: AirbyteSettings) -> None:
    found = succeeded_jobs(airbyte, {"grocery": 247})
    assert [job.id for job in found["grocery"]] == [248]
    assert len(server.asked) == 2  # the connections, and one page of jobs


def test_a_connection_that_is_not_applied_yet_has_no_syncs_and_is_named(
    airbyte: AirbyteSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert succeeded_jobs(airbyte, {"new_one": 0}) == {"new_one": []}
    assert "connection new_one is not in Airbyte" in capsys.readouterr().out


def test_a_bad_moment_is_waited_out(server: Any, airbyte: AirbyteSettings) -> None:
    server.failures.extend([503, 429])
    assert succeeded_jobs(airbyte, {"grocery": 249})["grocery"] == []


def test_a_lasting_one_is_transient_and_a_refusal_is_not(server: Any, airbyte: AirbyteSettings) -> None:
    server.failures.extend([503] * 4)
    with pytest.raises(TransientError, match="503"):
        succeeded_jobs(airbyte, {"grocery": 0})
    server.failures.append(422)
    with pytest.raises(PermanentError, match="422"):
        succeeded_jobs(airbyte, {"grocery": 0})


def test_a_wrong_secret_is_told_apart(airbyte: AirbyteSettings) -> None:
    wrong = airbyte.model_copy(update={"airbyte_client_secret": SecretStr("wrong")})
    with pytest.raises(PermanentError, match="401"):
        succeeded_jobs(wrong, {"grocery": 0})
