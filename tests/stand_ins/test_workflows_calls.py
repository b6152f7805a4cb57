"""HTTP and connectors against a real server, each case citing the page of its semantics.

https://cloud.google.com/workflows/docs/http-requests and https://cloud.google.com/workflows/docs/connectors
"""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from stand_ins.workflows import interpreter, loader
from stand_ins.workflows.execution import Execution
from stand_ins.workflows.failures import WorkflowError

from .conftest import ScaledClock
from .servers import free_port

RUN = "googleapis.run.v2.projects.locations.jobs.run"


class Server(ThreadingHTTPServer):
    """Answers from a list of (code, content type, body), None (ends the connection) or "no answer" (keeps it)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.answers: list[Any] = []
        self.ended = threading.Event()
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that a test cut is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        answer = self.server.answers.pop(0)
        if answer is None:
            return
        if answer == "no answer":
            self.server.ended.wait()
            return
        code, kind, data = answer
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("x-lower-CASE", "v")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, *arguments: Any) -> None:
        """Silence."""


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.ended.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def call(server: Server, clock: ScaledClock, tmp_path: Path) -> Any:
    def call_function(function: str, **args: Any) -> Any:
        path = tmp_path / "call.workflows.yaml"
        steps = [{"c": {"call": function, "args": args, "result": "r"}}, {"d": {"return": "${r}"}}]
        path.write_text(json.dumps(steps))
        execution = Execution({"RUN_EMULATOR_HOST": server.url}, clock=clock)
        return interpreter.run(loader.load(path), execution, None)

    return call_function


def as_json(value: Any, code: int = 200) -> tuple[int, str, bytes]:
    return code, "application/json", json.dumps(value).encode()


@pytest.mark.parametrize(
    ("kind", "data", "value"),
    [
        ("application/json; charset=utf-8", b'{"a": [1, 2.5, null]}', {"a": [1, 2.5, None]}),
        ("application/problem+json", b"[]", []),
        ("text/html; charset=utf-8", "é".encode(), "é"),
        ("application/octet-stream", b"\x00\x01", b"\x00\x01"),
        ("application/json", b"", None),
    ],
)
def test_a_response_body_is_read_as_its_content_type_says(
    server: Server, tmp_path: Path, kind: str, data: bytes, value: Any
) -> None:
    server.answers = [(200, kind, data)]
    path = tmp_path / "call.workflows.yaml"
    path.write_text(
        f"- c: {{call: http.get, args: {{url: '{server.url}'}}, result: r}}\n"
        "- d: {return: ['${get_type(r.body)}', '${r.code}', '${r.headers[\"X-Lower-Case\"]}']}\n"
    )
    kinds = {dict: "map", list: "list", str: "string", bytes: "bytes", type(None): "null"}
    assert interpreter.run(loader.load(path), Execution({}), None) == [kinds[type(value)], 200, "v"]


@pytest.mark.parametrize(
    ("args", "kind", "data"),
    [
        ({"body": {"a": 1}}, "application/json; charset=utf-8", b'{"a": 1}'),
        ({"body": "text"}, "application/json; charset=utf-8", b'"text"'),
        ({"body": "text", "headers": {"content-type": "text/plain"}}, "text/plain", b"text"),
        (
            {"body": {"a": "x y"}, "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
            "application/x-www-form-urlencoded",
            b"a=x+y",
        ),
        ({"body": '${text.encode("raw")}'}, "application/octet-stream", b"raw"),
        ({}, None, b""),
    ],
)
def test_a_request_body_is_written_as_its_content_type_says(
    server: Server, call: Any, args: dict[str, Any], kind: str | None, data: bytes
) -> None:
    server.answers = [as_json({})]
    call("http.post", url=server.url, **args)
    headers = {name.lower(): value for name, value in server.seen[0][2].items()}
    assert (headers.get("content-type"), server.seen[0][3]) == (kind, data)
    assert headers["user-agent"] == "GoogleCloudWorkflows; (+https://cloud.google.com/workflows/docs)"


def test_query_values_are_encoded_and_lists_repeat_their_name(server: Server, call: Any) -> None:
    server.answers = [as_json({})]
    call("http.request", method="DELETE", url=server.url + "/p", query={"q": "a b&c", "n": 2, "t": True, "l": [1, 2]})
    assert server.seen[0][:2] == ("DELETE", "/p?q=a+b%26c&n=2&t=true&l=1&l=2")


def test_an_answer_of_400_or_more_is_an_http_error_with_all_of_the_answer(server: Server, call: Any) -> None:
    """https://cloud.google.com/workflows/docs/reference/syntax/error-types"""
    server.answers = [as_json({"why": "no"}, 404)]
    with pytest.raises(WorkflowError) as error:
        call("http.get", url=server.url)
    payload = error.value.payload
    assert (payload["code"], payload["body"], payload["tags"]) == (404, {"why": "no"}, ["HttpError"])
    assert payload["message"] == "HTTP server responded with error code 404"
    assert payload["headers"]["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("answer", "tags"),
    [
        (None, ["ConnectionError"]),
        ("no answer", ["TimeoutError"]),
        ((200, "text/plain", b"x" * (2 * 1024 * 1024 + 1)), ["ResourceLimitError"]),
        ((200, "application/json", b"<html>"), ["ValueError"]),
    ],
)
def test_the_network_fails_with_the_documented_tags(server: Server, call: Any, answer: Any, tags: list[str]) -> None:
    server.answers = [answer]
    with pytest.raises(WorkflowError) as error:
        call("http.get", url=server.url, timeout=0.2 if answer == "no answer" else 60)
    assert error.value.payload["tags"] == tags


@pytest.mark.parametrize(
    ("url", "args", "tag"),
    [
        ("http://127.0.0.1:{closed}", {}, "ConnectionFailedError"),
        ("ftp://x", {}, "ValueError"),
        ("http://127.0.0.1:1", {"timeout": 1801}, "ValueError"),
        ("http://127.0.0.1:1", {"headers": {"a": [1]}}, "TypeError"),
        ("http://127.0.0.1:1", {"auth": {"type": "Basic"}}, "ValueError"),
        ("https://example.com", {"auth": {"type": "OIDC"}}, "AuthError"),
    ],
)
def test_a_request_that_cannot_be_made_says_why(call: Any, url: str, args: dict[str, Any], tag: str) -> None:
    with pytest.raises(WorkflowError) as error:
        call("http.get", url=url.format(closed=free_port()), **args)
    assert tag in error.value.payload["tags"]


def test_a_token_is_unsigned_and_says_for_whom_it_is(server: Server, call: Any) -> None:
    server.answers = [as_json({})]
    call("http.get", url=server.url, auth={"type": "OIDC", "audience": "https://service"})
    head, claims, signature = server.seen[0][2]["Authorization"].removeprefix("Bearer ").split(".")
    assert json.loads(base64.urlsafe_b64decode(head + "=="))["alg"] == "none"
    assert json.loads(base64.urlsafe_b64decode(claims + "=="))["aud"] == "https://service"
    assert signature == ""


OPERATION = {"name": "projects/p/locations/l/operations/o"}
DONE = {**OPERATION, "done": True, "response": {"name": "e1"}}
JOB = "projects/p/locations/l/jobs/j"


def test_a_job_is_polled_ever_slower_until_its_operation_is_done(server: Server, call: Any, clock: ScaledClock) -> None:
    server.answers = [as_json(OPERATION)] * 4 + [as_json(DONE)]
    assert call(RUN, name=JOB, body={"overrides": {}}) == {"name": "e1"}
    assert clock.slept == [1, 1.25, 1.5625, 1.953125]
    assert [(method, path) for method, path, _, _ in server.seen[:2]] == [
        ("POST", f"/v2/{JOB}:run"),
        ("GET", f"/v2/{OPERATION['name']}"),
    ]


def test_polling_and_waiting_follow_connector_params(server: Server, call: Any, clock: ScaledClock) -> None:
    policy = {"initial_delay": 4, "multiplier": 3, "max_delay": 10}
    server.answers = [as_json(OPERATION)] * 9
    with pytest.raises(WorkflowError) as error:
        call(RUN, name=JOB, connector_params={"timeout": 30, "polling_policy": policy})
    assert error.value.payload["tags"] == ["TimeoutError"]
    assert clock.slept == [4, 10, 10, 6]
    server.answers = [as_json(OPERATION)]
    assert call(RUN, name=JOB, connector_params={"skip_polling": True}) == OPERATION


def test_a_failed_operation_is_an_operation_error_with_its_details(server: Server, call: Any) -> None:
    failed = {**OPERATION, "done": True, "error": {"code": 10, "message": "Task failed"}}
    server.answers = [as_json(failed)]
    with pytest.raises(WorkflowError) as error:
        call(RUN, name=JOB)
    expected = {"message": "Task failed", "tags": ["OperationError"], "operation": failed, "error": failed["error"]}
    assert error.value.payload == expected


def test_a_poll_is_repeated_after_a_lost_answer_but_the_start_of_a_job_is_not(server: Server, call: Any) -> None:
    server.answers = [as_json({}, 503), as_json(OPERATION), None, as_json({}, 502), as_json(DONE)]
    assert call(RUN, name=JOB) == {"name": "e1"}
    server.answers = [None]
    with pytest.raises(WorkflowError) as error:
        call(RUN, name=JOB)
    assert error.value.payload["tags"] == ["ConnectionError"]


def test_something_else_than_an_operation_is_a_response_type_error(server: Server, call: Any) -> None:
    server.answers = [as_json(["no operation"])]
    with pytest.raises(WorkflowError) as error:
        call(RUN, name=JOB)
    assert error.value.payload["tags"] == ["ResponseTypeError"]


@pytest.mark.parametrize("parameters", [{"retries": 1}, {"timeout": "long"}, {"polling_policy": {"delay": 1}}])
def test_a_connector_parameter_that_does_not_exist_is_refused(call: Any, parameters: dict[str, Any]) -> None:
    with pytest.raises(WorkflowError, match=r"connector_params|polling_policy"):
        call(RUN, name=JOB, connector_params=parameters)
