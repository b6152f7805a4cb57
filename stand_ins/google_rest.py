"""Manners of Google's REST APIs, shared by the stand-ins that speak them: error shape, protobuf JSON, pages."""

import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from typing import TypeVar

import proto
import structlog
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
    """The items that ``pageSize`` and ``pageToken`` of the current request ask for, and the next token."""
    try:
        size = int(request.args.get("pageSize") or default_size)
        start = int(request.args.get("pageToken") or 0)
    except ValueError:
        raise exceptions.InvalidArgument("pageSize and pageToken are whole numbers") from None
    return items[start : start + size], str(start + size) if start + size < len(items) else ""


def set_up_process() -> None:
    """Log one JSON line for each thing done; end the process with the first thread that dies of a bug.

    A stand-in that lives on without one of its threads would leave events, runs or executions lying in silence; what
    they owe is on disk.
    """
    threading.excepthook = _end_process
    structlog.configure(
        processors=[structlog.processors.TimeStamper(fmt="iso"), structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
    )


def _end_process(fault: threading.ExceptHookArgs) -> None:
    threading.__excepthook__(fault)
    os._exit(1)


def listen(port: int) -> socket.socket:
    """Take the port on loopback, before any state is touched: a second server on the same state must not start."""
    taken = socket.socket()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a start right after a stop finds it in TIME_WAIT
    try:
        taken.bind(("127.0.0.1", port))
    except OSError as error:
        sys.exit(
            f"port {port} of 127.0.0.1: {error.strerror}\n  next: end what listens there, or choose another --port"
        )
    return taken


def serve(app: Flask, taken: socket.socket, *, threads: int = 8) -> None:
    """Serve until SIGTERM or Ctrl-C, then return, so that the caller can clean up."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # waitress ends its loop on SystemExit
    waitress.serve(app, sockets=[taken], threads=threads, _quiet=True)
