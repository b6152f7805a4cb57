"""A whole stack: a copy of this checkout with the small company of ``tests/company``, started as `make run` starts it.

The copy may be edited as a user edits their own (a connection, a model, a dashboard). Environments are shared by
links: they are what `make setup` built from the locks. tests/demo starts one with the demo's own files.
"""

import json
import os
import random
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import adbc_driver_flightsql.dbapi as flight_sql
import httpx
import pytest

from biaac import releases, runs
from biaac.clients import executions_client, scheduler_client, storage_client
from biaac.settings import ROOT
from cli.settings import Settings
from laptop import processes
from tests import company
from tests.conftest import wait_for

# How long a fact is waited for before the test fails; far more than it takes on a loaded machine.
START_S = 900
CYCLE_S = 600
NEVER = '"0 5 29 2 *"'  # a schedule that does not strike while the tests run
DEMO = ("company.yaml", "connections", "sqlmesh_project", "superset/dashboards", "superset/datasets")


@dataclass
class Stack:
    """The running stack, driven only through what a user has: commands, APIs, files."""

    root: Path
    port_base: int
    superset_port: int
    process: subprocess.Popen[bytes] | None = None
    output: Path = field(init=False)

    def __post_init__(self) -> None:
        self.output = self.root / "make-run.log"

    def start(self, *, tick: int = 0) -> None:
        """Start the supervisor and wait until it says that everything answers; 0: the schedule waits for its cron."""
        before = self.output.stat().st_size if self.output.exists() else 0
        command = [str(self.root / ".biaac/envs/laptop/bin/python"), "-m", "laptop.supervisor", "--tick", str(tick)]
        command += ["--port-base", str(self.port_base), "--superset-port", str(self.superset_port)]
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                command, cwd=self.root, env=self.plain_environment(), stdout=output, stderr=output
            )

        def ready() -> bool:
            assert self.process is not None
            text = self.output.read_bytes()[before:].decode()
            assert self.process.poll() is None, text
            return "commands    bin/biaac" in text and "schedule" in text

        wait_for(ready, seconds=START_S, what=f"the stack answers; see {self.output}")

    def stop(self) -> str:
        """Ctrl-C; everything the supervisor printed."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        self.process.wait(CYCLE_S)
        printed = self.output.read_text()
        assert "nothing is left running" in printed and processes.of_stack(self.root) == []
        return printed

    def plain_environment(self) -> dict[str, str]:
        """A new terminal in the copy: nothing of the tests' own variables."""
        kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
        return {**kept, "PYTHONPATH": str(self.root)}

    @property
    def settings(self) -> Settings:
        """Settings as the supervisor wrote them for people's commands."""
        lines = (self.root / ".biaac/laptop.env").read_text().splitlines()
        return Settings.model_validate(dict(line.split("=", 1) for line in lines))

    def biaac(self, *arguments: str, check: bool = True, seconds: float = CYCLE_S) -> subprocess.CompletedProcess[str]:
        """Run `bin/biaac` as a person would."""
        done = subprocess.run(
            [str(self.root / "bin/biaac"), *arguments],
            cwd=self.root,
            env=self.plain_environment(),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0 or not check, f"biaac {' '.join(arguments)}:\n{done.stdout}{done.stderr}"
        return done

    def tick(self, connection: str = "shop") -> None:
        """Fire the schedule once, now, by Cloud Scheduler's own API."""
        settings = self.settings
        scheduler_client(settings).run_job(name=f"{settings.parent}/jobs/sync-{connection}")

    def release(self) -> releases.Release | None:
        """What readers see."""
        settings = self.settings
        return releases.current(storage_client(settings).bucket(settings.lake_bucket), "prod")

    def release_on_disk(self) -> int:
        """Sequence of the current release as the storage folder holds it, while nothing runs."""
        pointer = json.loads((self.root / ".biaac/state/storage/lake/releases/prod/current").read_bytes())
        return int(pointer["release"].partition("-")[0])

    def runs(self) -> list[runs.Run]:
        """Run records, newest first."""
        settings = self.settings
        return runs.history(storage_client(settings).bucket(settings.ops_bucket), "prod", limit=50)

    def sync_by_schedule(self, connection: str = "shop") -> releases.Release:
        """One tick, followed until a release with one more load is what readers see and Superset was refreshed."""
        before = self.release()
        loads = len(before.loads) if before else 0
        self.tick(connection)
        wait_for(
            lambda: (now := self.release()) is not None and len(now.loads) > loads,
            seconds=CYCLE_S,
            what="a new release is current",
        )
        now = self.release()
        assert now is not None
        self.wait_for_end_of(now.execution)
        return now

    def sell(self, order: int, amount: float, day: str = "2026-07-02") -> None:
        """The shop's source has one more order; the next sync brings it."""
        at = f"{day}T10:00:00Z"
        row = {"order_id": order, "customer_id": 1, "ordered_at": at, "amount": amount, "updated_at": at}
        company.put_rows(self.root, "shop/orders", [row])

    def wait_for_end_of(self, execution: str) -> None:
        """Until the workflow execution has succeeded."""
        wait_for(lambda: self.execution_state(execution) == "SUCCEEDED", seconds=CYCLE_S, what=f"{execution} succeeded")

    def execution_state(self, execution: str) -> str:
        """State of a workflow execution, by the Executions API."""
        settings = self.settings
        name = f"{settings.parent}/workflows/{settings.workflow}/executions/{execution}"
        state = executions_client(settings).get_execution(name=name).state.name
        assert state not in {"FAILED", "CANCELLED"}, f"{execution} is {state}"
        return str(state)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows over ADBC Flight SQL, with the unmodified driver."""
        with (
            flight_sql.connect(self.settings.cache_url, autocommit=True) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
            return list(cursor.fetchall())

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Rows by `biaac query --format json`."""
        rows: list[dict[str, Any]] = json.loads(self.biaac("query", sql, "--format", "json").stdout)
        return rows

    def services(self) -> dict[str, int]:
        """Pids of the services by name, as `services.json` names them."""
        listed = json.loads((self.root / ".biaac/state/services.json").read_text())["services"]
        return {service["name"]: service["pid"] for service in listed}

    @property
    def password(self) -> str:
        """Superset's admin password, made at the first start."""
        return (self.root / ".biaac/state/superset/admin_password").read_text().strip()

    def superset(self) -> httpx.Client:
        """A client of Superset's REST API, logged in as admin."""
        client = httpx.Client(base_url=f"http://127.0.0.1:{self.superset_port}", timeout=CYCLE_S)
        response = client.post(
            "/api/v1/security/login",
            json={"username": "admin", "password": self.password, "provider": "db", "refresh": False},
        )
        client.headers["Authorization"] = f"Bearer {response.raise_for_status().json()['access_token']}"
        csrf = client.get("/api/v1/security/csrf_token/").raise_for_status().json()["result"]
        client.headers.update({"X-CSRFToken": csrf, "Referer": str(client.base_url)})
        return client

    def chart_data(self, *, metrics: list[str], columns: list[str], table: str = "orders") -> Any:
        """Rows of Superset's chart data API over a dataset."""
        with closing(self.superset()) as client:
            query = {"q": f"(filters:!((col:table_name,opr:eq,value:{table})))"}
            datasets = client.get("/api/v1/dataset/", params=query).raise_for_status().json()["result"]
            body = {
                "datasource": {"id": datasets[0]["id"], "type": "table"},
                "queries": [{"metrics": metrics, "columns": columns, "filters": [], "row_limit": 10000}],
                "result_format": "json",
            }
            response = client.post("/api/v1/chart/data", json=body)
            assert response.status_code == 200, response.text
            return response.json()["result"][0]["data"]


def copy_of_checkout(target: Path, *, demo: bool = False) -> Path:
    """The files of this checkout that git knows or would add, with the small company instead of the demo."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and (demo or not name.startswith(DEMO)):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    environments = target / ".biaac/envs"
    environments.mkdir(parents=True)
    (target / ".biaac/uv").symlink_to(ROOT / ".biaac/uv")
    for environment in (ROOT / ".biaac/envs").iterdir():
        (environments / environment.name).symlink_to(environment)
    if not demo:
        company.install(target)
        subprocess.run(["bin/environment", "source-folder"], cwd=target, check=True)
    return target


def free_port_base() -> int:
    """A base whose ten ports are free now, below those that the kernel gives to outgoing connections.

    A stack that is stopped and started again must find them free, and any client may hold a port of that range.
    """
    bases = list(range(20000, 32000, 20))
    random.shuffle(bases)
    return next(base for base in bases if all(processes.holder(base + offset) is None for offset in range(1, 11)))


@contextmanager
def changed(path: Path, old: str, new: str) -> Iterator[None]:
    """A file with a fault in it, until the person has mended it."""
    before = path.read_text()
    assert old in before, f"{path}: {old}"
    path.write_text(before.replace(old, new, 1))
    try:
        yield
    finally:
        path.write_text(before)


@contextmanager
def started(root: Path) -> Iterator[Stack]:
    """A stack of a copy, stopped at the end."""
    for connection in (root / "connections").glob("*.yaml"):
        connection.write_text(re.sub(r'cron: ".*?"', f"cron: {NEVER}", connection.read_text()))
    base = free_port_base()
    running = Stack(root, base, base + 10)
    running.start()
    yield running
    if running.process and running.process.poll() is None:
        running.stop()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack of the session: end_to_end/ drives it in order, operations/ breaks and mends it, browser/ looks."""
    with started(copy_of_checkout(tmp_path_factory.mktemp("stack"))) as running:
        yield running
