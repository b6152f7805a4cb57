"""What Google's REST APIs have in common: the shape of errors, protobuf as JSON, pages."""

import json
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

import proto
import waitress
from flask import Flask, Response, jsonify, request
from google.api_core import exceptions
from google.protobuf import json_format
from google.protobuf import message as protobuf
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed, NotFound

Item = TypeVar("Item")
Message = TypeVar("Message", bound=proto.Message)


def application(name: str) -> Flask:
    """A Flask application that answers ``GET /healthz`` and turns Google's exceptions into Google's error JSON."""
    app = Flask(name)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of DefaultJSONProvider, Flask's own

    @app.errorhandler(exceptions.GoogleAPICallError)
    def google_error(error: exceptions.GoogleAPICallError) -> tuple[Response, int]:
        code, status = int(error.code or 500), error.grpc_status_code
        content = {"code": code, "message": error.message, "status": status.name if status else "INTERNAL"}
        return jsonify(error=content), code

    @app.errorhandler(NotFound)
    @app.errorhandler(MethodNotAllowed)
    def unknown_call(_: HTTPException) -> tuple[Response, int]:
        return google_error(exceptions.MethodNotImplemented(f"{name} does not serve {request.method} {request.path}"))

    @app.errorhandler(InternalServerError)
    def bug(_: HTTPException) -> tuple[Response, int]:  # Flask has logged the traceback
        return google_error(exceptions.InternalServerError(f"{name}: a bug; its log holds the traceback"))

    @app.get("/healthz")
    def health() -> str:
        return "ok"

    return app


def add_route(app: Flask, method: str, path: str, view: Callable[..., proto.Message | protobuf.Message]) -> None:
    """Answer ``method path`` with the message that ``view`` returns; its arguments are the parts of the path.

    >>> add_route(app, "GET", "/v2/<path:location>/jobs/<job>", lambda location, job: find(location, job))
    """
    app.add_url_rule(path, f"{method} {path}", lambda **parts: as_json(view(**parts)), methods=[method])


def parse(kind: type[Message]) -> Message:
    """The body of the current request as a ``kind``; 400 names what does not fit."""
    try:
        body = json.loads(request.get_data() or b"{}")
        if not isinstance(body, dict):
            raise exceptions.InvalidArgument(f"body: a JSON object is expected, found {type(body).__name__}")
        message: Message = kind.wrap(json_format.ParseDict(body, kind.pb(kind())))
    except (ValueError, json_format.ParseError) as error:
        raise exceptions.InvalidArgument(f"body: {error}") from None
    return message


def as_json(message: proto.Message | protobuf.Message) -> Response:
    """A message in proto3's JSON, enumerations by name."""
    raw = type(message).pb(message) if isinstance(message, proto.Message) else message
    return jsonify(json_format.MessageToDict(raw))


def page(items: Sequence[Item], *, default_size: int) -> tuple[Sequence[Item], str]:
    """The items of the page that ``pageSize`` and ``pageToken`` of the current request name, and the next token."""
    try:
        size = int(request.args.get("pageSize") or default_size)
        start = int(request.args.get("pageToken") or 0)
    except ValueError:
        raise exceptions.InvalidArgument("pageSize and pageToken are whole numbers") from None
    return items[start : start + size], str(start + size) if start + size < len(items) else ""


def serve(app: Flask, taken: socket.socket) -> None:
    """Serve until SIGTERM or Ctrl-C, then return, so that the caller can clean up."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # waitress ends its loop on SystemExit
    waitress.serve(app, sockets=[taken], threads=8, _quiet=True)
