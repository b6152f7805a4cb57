"""What every stand-in does as a process: its log, its port, its end."""

import argparse
import logging
import os
import signal
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import structlog


def command_line(module: str, about: str | None) -> argparse.ArgumentParser:
    """The parser of ``python -m module``, with the option ``--port``."""
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(f"python -m {module}", description=about, formatter_class=formatter)
    parser.add_argument("--port", type=int, required=True, help="on 127.0.0.1")
    return parser


def set_up() -> None:
    """Log one JSON line for each thing done; end the process with the first thread that dies of a bug.

    A stand-in that lives on without one of its threads would silently leave events, runs or executions undone; after
    its next start it goes on from its state on disk.
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
    """Take a port of loopback, before any state is touched: a second server on the same state must not start."""
    taken = socket.socket()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a start right after a stop meets it in TIME_WAIT
    try:
        taken.bind(("127.0.0.1", port))
    except OSError as error:
        _exit_for_port(port, error.strerror)
    return taken


def grpc_server(port: int) -> grpc.Server:
    """As ``listen``, for gRPC: a server that has the port and answers nothing before it is started."""
    server = grpc.server(ThreadPoolExecutor(8), options=[("grpc.so_reuseport", 0)])
    try:
        server.add_insecure_port(f"127.0.0.1:{port}")
    except RuntimeError:
        _exit_for_port(port, "in use")
    return server


def _exit_for_port(port: int, reason: str | None) -> None:
    sys.exit(f"port {port} of 127.0.0.1: {reason}\n  next: end what listens there, or choose another --port")


def wait_for_end() -> None:
    """Wait for SIGTERM or Ctrl-C."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()
