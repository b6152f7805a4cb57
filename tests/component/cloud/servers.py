"""What stands behind the host names: Google's APIs, an Airbyte, functions, the cache service. Each notes who asks."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import grpc
import pyarrow as pa
from pyarrow import flight

from biaac.flight import pack


@dataclass(frozen=True)
class Asked:
    """One call: the host and path (or gRPC method), the authorization sent with it, and its body."""

    host: str
    path: str
    authorization: str | None
    body: bytes = b""


@dataclass
class GoogleApis(grpc.GenericRpcHandler):
    """Google's APIs over gRPC: each of ``answers`` is a method's message; others are unimplemented."""

    answers: dict[str, bytes] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = grpc.server(ThreadPoolExecutor(4), handlers=[self])
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()

    def service(self, call: Any) -> Any:
        """The handler of one method; what it is sent is bytes."""
        metadata = dict(call.invocation_metadata)
        if call.method not in self.answers:
            return None

        def answer(request: bytes, _context: Any) -> bytes:
            self.asked.append(Asked("", call.method, metadata.get("authorization"), request))
            return self.answers[call.method]

        return grpc.unary_unary_rpc_method_handler(answer)


class HttpServer(ThreadingHTTPServer):
    """Every HTTP host of the test: ``answers[host]`` gets method, path and body, and gives status and JSON."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.port = self.server_address[1]
        self.answers: dict[str, Callable[[str, str, bytes], tuple[int, Any]]] = {}
        self.asked: list[Asked] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    server: HttpServer
    protocol_version = "HTTP/1.1"

    def _any(self) -> None:
        host = self.headers["Host"].partition(":")[0]
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.server.asked.append(Asked(host, self.path, self.headers["Authorization"], body))
        status, answer = self.server.answers[host](self.command, urlsplit(self.path).path, body)
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = _any

    def log_message(self, *arguments: Any) -> None:
        """Silence."""


class FlightCache(flight.FlightServerBase):
    """A Flight SQL service that answers every statement with the number 42, and every action with ``{}``."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        super().__init__("grpc://127.0.0.1:0", middleware={"who": _Who(self.asked)})

    def get_flight_info(self, context: Any, descriptor: flight.FlightDescriptor) -> flight.FlightInfo:
        if b"CommandGetSqlInfo" in descriptor.command:
            raise NotImplementedError  # what the service is; ADBC goes on without
        endpoint = flight.FlightEndpoint(flight.Ticket(b"the answer"), [])
        return flight.FlightInfo(_answer().schema, descriptor, [endpoint], -1, -1)

    def do_get(self, context: Any, ticket: flight.Ticket) -> flight.RecordBatchStream:
        return flight.RecordBatchStream(_answer())

    def do_action(self, context: Any, action: flight.Action) -> list[bytes]:
        prepared = pack("ActionCreatePreparedStatementResult", (1, b"a handle"), (2, None))
        return [prepared if action.type == "CreatePreparedStatement" else b"{}"]


class _Who(flight.ServerMiddlewareFactory):
    def __init__(self, asked: list[Asked]) -> None:
        self.asked = asked

    def start_call(self, info: Any, headers: dict[str, list[str]]) -> None:
        self.asked.append(Asked("", str(info.method), headers.get("authorization", [None])[0]))


def _answer() -> pa.Table:
    return pa.table({"answer": [42]})
