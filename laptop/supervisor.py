"""The laptop's supervisor: starts the stack in order, keeps it alive, prints what happens, stops all of it.

    python -m laptop.supervisor [--once] [--tick 60] [--port-base 18080] [--superset-port 8088]

Killed itself, it leaves services behind; the next start finds them by their mark, stops them and goes on from the
data on disk.
"""

import argparse
import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, NoReturn

import httpx
import psutil
import yaml
from google.api_core.exceptions import Conflict, GoogleAPICallError, RetryError
from rich.console import Console

from biaac import connections, releases, waiting
from biaac.clients import scheduler_client, storage_client
from biaac.errors import BiaacError, PermanentError, TransientError
from biaac.settings import ROOT, Settings
from laptop import banner, processes
from laptop.plan import DATA, HOME, LOGS, Laptop, Service

OTHER_PORTS = "stop it, or choose others: make run PORT_BASE=28080 SUPERSET_PORT=28100"  # the base takes the next ten
READY_S = 120  # Superset's first import on a loaded machine took 30 s; four times that is a fault
LAST = {"superset", "scheduler"}  # one needs its database, the other everything else
RESTART_S = 5  # between two starts of a service that keeps dying: its log stays short, and who mends it waits little


class Supervisor:
    """One stack, from its first process to its last."""

    def __init__(self, laptop: Laptop, console: Console) -> None:
        self.laptop, self.console = laptop, console
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.started_at: dict[str, float] = {}
        self.lock: IO[str] | None = None

    def start(self) -> None:
        """Start every service and wait until each answers; raise an error that names the first that does not."""
        self._claim()
        if left := processes.of_stack(ROOT):
            self.console.print(f"stopping {len(left)} processes that an earlier stack left running")
            processes.stop(left)
        services = self.laptop.services()
        check_ports(services)
        self._write_plan()
        bootstrap = self._spawn("superset-bootstrap", [self.laptop.python("superset"), "superset/bootstrap.py"])
        first = [service for service in services if service.name not in LAST]
        for act in (self._start, self._wait_until_ready):
            for service in first:
                act(service)
        with self.console.status("superset: preparing its database (up to a minute the first time)"):
            if bootstrap.wait() != 0:
                raise _failure("superset's database could not be prepared", "superset-bootstrap")
        for service in services:
            if service.name in LAST:
                self._start(service)
                self._wait_until_ready(service)
        self._command("connections", "apply", "--yes")
        self._schedule_sweep()

    def _schedule_sweep(self) -> None:
        """The schedule that repairs lost events; in the cloud Terraform owns it."""
        settings = Settings.load()
        target = {"uri": self.laptop.function("sweep"), "http_method": "POST", "body": b"{}"}
        job = {"name": f"{settings.parent}/jobs/sweep", "schedule": "*/10 * * * *", "http_target": target}
        with contextlib.suppress(Conflict):
            scheduler_client(settings).create_job(parent=settings.parent, job=job, timeout=20)

    def cycle(self) -> bool:
        """Sync every connection once, follow each to the dashboard, then check the whole: True if nothing failed."""
        synced = [self._command("sync", name) for name in connections.load(ROOT / "connections")]
        return all(synced) and self._command("doctor")

    def watch(self) -> NoReturn:
        """Keep every service alive and print each new release, until a signal ends it."""
        settings = Settings.load()
        lake = storage_client(settings).bucket(settings.lake_bucket)
        shown: str | None = None
        while True:
            for service in self.laptop.services():
                self._keep_alive(service)
            try:
                release = releases.current(lake, settings.environment)
                if release and release.id != shown:
                    shown = release.id
                    self.console.print(banner.describe(release))
            except (BiaacError, GoogleAPICallError, RetryError, OSError) as error:  # storage may be what just died
                self.console.print(f"[yellow]cannot read the current release: {error}")
            time.sleep(2)  # how often deaths and promotions are noticed, not a wait for anything

    def stop(self) -> None:
        """End every process of the stack; the scheduler first, so that nothing new begins."""
        if scheduler := self.running.get("scheduler"):
            scheduler.terminate()
        processes.stop(processes.of_stack(ROOT))
        (DATA / "services.json").unlink(missing_ok=True)

    def _claim(self) -> None:
        """Take the lock that the operating system frees however this process ends."""
        DATA.mkdir(parents=True, exist_ok=True)
        self.lock = (DATA / "supervisor.lock").open("a+")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.lock.seek(0)
            message = f"a stack already runs from {ROOT} (pid {self.lock.read().strip()})"
            raise PermanentError(message, hint="make stop") from None
        self.lock.truncate(0)
        print(os.getpid(), file=self.lock, flush=True)

    def _write_plan(self) -> None:
        """What other programs read: the variables (`bin/biaac`, `bin/sqlmesh`) and the jobs (the Run stand-in)."""
        lines = [f"{name}={value}\n" for name, value in self.laptop.variables().items()]
        (HOME / "laptop.env").write_text("".join(lines))
        (DATA / "jobs.yaml").write_text(yaml.safe_dump(self.laptop.jobs()))

    def _spawn(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        """Start a process in a session of its own: a Ctrl-C at the terminal reaches the supervisor alone."""
        LOGS.mkdir(parents=True, exist_ok=True)
        with _log(name).open("ab") as log:
            variables, nothing = self.laptop.environment(), subprocess.DEVNULL
            return subprocess.Popen(
                command, cwd=ROOT, env=variables, stdin=nothing, stdout=log, stderr=log, start_new_session=True
            )

    def _start(self, service: Service) -> None:
        self.running[service.name] = self._spawn(service.name, service.command)
        self.started_at[service.name] = time.monotonic()
        listed = [
            {"name": s.name, "pid": self.running[s.name].pid, "port": s.port, "log": str(_log(s.name))}
            for s in self.laptop.services()
            if s.name in self.running
        ]
        partial = DATA / "services.json.partial"  # for `biaac status`; replaced whole
        partial.write_text(json.dumps({"supervisor": os.getpid(), "services": listed}, indent=1))
        partial.replace(DATA / "services.json")

    def _wait_until_ready(self, service: Service) -> None:
        def ready() -> bool:
            if (code := self.running[service.name].poll()) is not None:
                raise _failure(f"{service.name} ended with exit code {code}", service.name)
            return _answers(service)

        with self.console.status(f"{service.name}: starting"):
            hint = f"read {_log(service.name)}"
            waiting.until(ready, seconds=READY_S, what=f"{service.name} answers", hint=hint, every=0.05)
        self.console.print(f"[green]✓[/] {service.name:<11} 127.0.0.1:{service.port}")

    def _keep_alive(self, service: Service) -> None:
        """Start a dead service again."""
        code = self.running[service.name].poll()
        if code is not None and time.monotonic() - self.started_at[service.name] >= RESTART_S:
            self.console.print(f"[yellow]{service.name} ended (exit code {code}); starting it again")
            self._start(service)

    def _command(self, *arguments: str) -> bool:
        """Run a `biaac` command at this terminal; True if it succeeded."""
        command = [sys.executable, "-m", "cli", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.laptop.environment(), check=False).returncode == 0


def check_ports(services: list[Service]) -> None:
    """``PermanentError`` names the first port that two services share, or that somebody else listens on."""
    owners: dict[int, str] = {}
    for service in services:
        owner = owners.setdefault(service.port, service.name)
        holder = processes.holder(service.port) if owner == service.name else owner
        if holder is not None:
            raise PermanentError(f"port {service.port} ({service.name}) is in use by {holder}", hint=OTHER_PORTS)


def _log(name: str) -> Path:
    return LOGS / f"{name}.log"


def _failure(fault: str, name: str) -> TransientError:
    """A start that failed, with the end of its log."""
    tail = "\n".join(f"  {line}" for line in _log(name).read_text(errors="replace").splitlines()[-8:])
    return TransientError(f"{fault}; the end of its log:\n{tail}", hint=f"read {_log(name)}, then make run")


def _answers(service: Service) -> bool:
    try:
        if service.health is None:
            with socket.create_connection(("127.0.0.1", service.port), timeout=1):
                return True
        return httpx.get(f"http://127.0.0.1:{service.port}{service.health}", timeout=5).is_success
    except (OSError, httpx.TransportError):
        return False


def main() -> None:
    """Run a stack until a signal (exit 0), a fault of its start (exit 1), or with --once one cycle."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--once", action="store_true", help="one full cycle, verify, stop; exit 0 or 1")
    parser.add_argument("--tick", type=int, default=60, help="seconds between syncs; 0: as the connection files say")
    parser.add_argument("--port-base", type=int, default=18080)
    parser.add_argument("--superset-port", type=int, default=8088)
    parser.add_argument("--stop", action="store_true", help="stop the stack of this checkout")
    given = parser.parse_args()
    sys.exit(_stop() if given.stop else _run(Laptop(given.port_base, given.superset_port, given.tick or None), given))


def _run(laptop: Laptop, given: argparse.Namespace) -> int:
    console = Console(highlight=False, soft_wrap=True)
    os.environ.update(laptop.variables())  # the supervisor is the laptop's root: it reads what it gives its children
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # SIGINT too: a shell's background job ignores it
        signal.signal(number, signal.default_int_handler)
    supervisor = Supervisor(laptop, console)
    try:
        supervisor.start()
        console.print(banner.welcome(laptop, ROOT))
        if given.once:
            return 0 if supervisor.cycle() else 1
        supervisor.watch()
    except KeyboardInterrupt:
        return 0
    except BiaacError as error:
        console.print(f"[red]✗[/] {error}")
        return 1
    finally:
        if supervisor.running:
            with console.status("stopping"):
                supervisor.stop()
            console.print("stopped; nothing is left running")


def _stop() -> int:
    """End the stack of this checkout: its supervisor ends the others in order, then whatever is left."""
    running = [process for process in (_supervisor(), *processes.of_stack(ROOT)) if process]
    processes.stop(running[:1])
    processes.stop(processes.of_stack(ROOT))
    print("stopped; nothing is left running" if running else "nothing was running")
    return 0


def _supervisor() -> psutil.Process | None:
    """The supervisor that holds the lock; None when nobody does."""
    with contextlib.suppress(FileNotFoundError), (DATA / "supervisor.lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return psutil.Process(int(lock.read()))
    return None


if __name__ == "__main__":
    main()
