"""A whole stack for the end-to-end and browser tests: a copy of this checkout, started as `make run` starts it.

The copy may be edited as a user edits their own (a connection, a model, a dashboard). Environments are shared by
a link: they are what `make setup` built from the locks.
"""

import json
import os
import random
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import adbc_driver_flightsql.dbapi as flight_sql
import httpx
import pytest

from biaac import releases, runs
from biaac.clients import scheduler_client, storage_client
from biaac.settings import ROOT
from cli.settings import Settings
from laptop import processes
from tests.conftest import wait_for

START_S = 240  # a first start migrates Superset's database: about a minute alone, more beside other work
CYCLE_S = 180  # the first sync moves 1.3 million lines


@dataclass
class Stack:
    """The running stack, asked and driven only through what a user has: commands, APIs, files."""

    root: Path
    port_base: int
    superset_port: int
    process: subprocess.Popen[bytes] | None = None
    output: Path = field(init=False)

    def __post_init__(self) -> None:
        self.output = self.root / "make-run.log"

    def start(self, *, tick: int = 0) -> None:
        """Start the supervisor and wait until it says that everything answers; 0: the schedule waits for its cron."""
        said = self.output.stat().st_size if self.output.exists() else 0
        command = [str(self.root / ".biaac/envs/laptop/bin/python"), "-m", "laptop.supervisor", "--tick", str(tick)]
        command += ["--port-base", str(self.port_base), "--superset-port", str(self.superset_port)]
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                command, cwd=self.root, env=self.plain_environment(), stdout=output, stderr=output
            )

        def ready() -> bool:
            assert self.process is not None
            text = self.output.read_text()[said:]
            assert self.process.poll() is None, text
            return "commands    bin/biaac" in text and "schedule" in text

        wait_for(ready, seconds=START_S, what=f"the stack stands; see {self.output}")

    def stop(self) -> str:
        """Ctrl-C; what the supervisor said last."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        return self.output.read_text()

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

    def tick(self, connection: str = "grocery") -> None:
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

    def sync_by_schedule(self) -> releases.Release:
        """One tick, followed until a release with one more load is what readers see and Superset was refreshed."""
        before = self.release()
        loads = len(before.loads) if before else 0
        self.tick()
        wait_for(
            lambda: (now := self.release()) is not None and len(now.loads) > loads,
            seconds=CYCLE_S,
            what="a new release is current",
        )
        now = self.release()
        assert now is not None
        self.wait_for_end_of(now.execution)
        return now

    def wait_for_end_of(self, execution: str) -> None:
        """Until the workflow execution has succeeded."""
        wait_for(lambda: self.execution_state(execution) == "SUCCEEDED", seconds=120, what=f"{execution} succeeded")

    def execution_state(self, execution: str) -> str:
        """State of a workflow execution, by the Executions API."""
        from biaac.clients import executions_client

        settings = self.settings
        name = f"{settings.parent}/workflows/{settings.workflow}/executions/{execution}"
        state = executions_client(settings).get_execution(name=name).state.name
        assert state not in {"FAILED", "CANCELLED"}, f"{execution} is {state}"
        return str(state)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
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
        client = httpx.Client(base_url=f"http://127.0.0.1:{self.superset_port}", timeout=60)
        answer = client.post(
            "/api/v1/security/login",
            json={"username": "admin", "password": self.password, "provider": "db", "refresh": False},
        )
        client.headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['access_token']}"
        csrf = client.get("/api/v1/security/csrf_token/").raise_for_status().json()["result"]
        client.headers.update({"X-CSRFToken": csrf, "Referer": str(client.base_url)})
        return client

    def chart_data(self, *, metrics: list[str], columns: list[str], filters: list[dict[str, Any]] | None = None) -> Any:
        """Rows of Superset's chart data API over the dataset `sales`."""
        with closing(self.superset()) as client:
            found = client.get("/api/v1/dataset/", params={"q": "(filters:!((col:table_name,opr:eq,value:sales)))"})
            dataset = found.raise_for_status().json()["result"][0]["id"]
            query = {"metrics": metrics, "columns": columns, "filters": filters or [], "row_limit": 10000}
            body = {"datasource": {"id": dataset, "type": "table"}, "queries": [query], "result_format": "json"}
            answer = client.post("/api/v1/chart/data", json=body)
            assert answer.status_code == 200, answer.text
            return answer.json()["result"][0]["data"]


def copy_of_checkout(target: Path) -> Path:
    """The files of this checkout that git knows or would add, and its environments by a link."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    (target / ".biaac").mkdir()
    for made in ("envs", "uv"):
        (target / ".biaac" / made).symlink_to(ROOT / ".biaac" / made)
    return target


def free_port_base() -> int:
    """A base whose ten ports are free now, below those that the kernel gives to outgoing connections.

    A stack that is stopped and started again must find them free, and any client may hold a port of that range.
    """
    bases = list(range(20000, 32000, 20))
    random.shuffle(bases)
    return next(base for base in bases if all(processes.holder(base + offset) is None for offset in range(1, 11)))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One stack for the whole session: the tests of end_to_end/ drive it in order, those of browser/ look at it."""
    root = copy_of_checkout(tmp_path_factory.mktemp("stack"))
    connection = root / "connections/grocery.yaml"  # its own hour may strike while the tests run
    connection.write_text(connection.read_text().replace('cron: "0 5 * * *"', 'cron: "0 5 29 2 *"'))
    base = free_port_base()
    running = Stack(root, base, base + 10)
    running.start()
    yield running
    if running.process and running.process.poll() is None:
        running.stop()
