"""Processes of one stack: a mark in their environment names it; each has a log; they are stopped together."""

import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Iterable
from pathlib import Path

import psutil

from laptop.plan import STACK

GRACE_S = 12  # the Run stand-in gives its jobs Cloud Run's 10 s between SIGTERM and SIGKILL


def start(command: list[str], *, log: Path, environment: dict[str, str], folder: Path) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own (a Ctrl-C at the terminal reaches the supervisor alone)."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


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
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGTERM)
    _, alive = psutil.wait_procs(alive, timeout=GRACE_S)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=GRACE_S)


def holder(port: int) -> str | None:
    """Who listens on a port of loopback: ``name (pid N)``, ``a process of another user``, or None if it is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            pass
        else:
            return None
    with contextlib.suppress(psutil.AccessDenied):
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
                with contextlib.suppress(psutil.Error):
                    return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return "a process of another user"
