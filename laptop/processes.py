"""Processes of one stack: a mark in their environment names it; they are stopped together."""

import contextlib
import os
import socket
from collections.abc import Iterable
from pathlib import Path

import psutil

from laptop.plan import STACK

GRACE_S = 12  # the Run stand-in gives its jobs Cloud Run's 10 s between SIGTERM and SIGKILL


def of_stack(root: Path) -> list[psutil.Process]:
    """Every living process of the stack of one checkout, except this one."""
    members = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(STACK) == str(root):
                members.append(process)
    return members


def stop(processes: Iterable[psutil.Process]) -> None:
    """SIGTERM to all; SIGKILL to those that live after the grace period; returns when none lives."""
    alive = list(processes)
    for end in (psutil.Process.terminate, psutil.Process.kill):
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                end(process)
        _, alive = psutil.wait_procs(alive, timeout=GRACE_S)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def holder(port: int) -> str | None:
    """Who listens on a port of loopback: ``name (pid N)``, ``a process of another user``, or None if it is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return None
    with contextlib.suppress(psutil.AccessDenied):
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
                with contextlib.suppress(psutil.Error):
                    return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return "a process of another user"
