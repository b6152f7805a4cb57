"""One Superset for all tests of this folder: a tiny lake, the real cache service, Superset as the supervisor starts it.

Preparing its database takes a third of a minute and a job's start several seconds; so tests share one server and one
process that reconciles, and the jobs themselves run in a few.
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
from google.cloud.storage import Bucket

from biaac import objects, releases
from biaac.releases import AuditOutcome, StreamFreshness
from biaac.settings import ROOT
from tests.component.cache.service import Cache, Lake, build
from tests.conftest import free_port, wait_for
from transform import metrics as metric_files

COMPANY = ROOT / "tests/company"
ROOM = ROOT / "superset"
PYTHON = ROOT / ".biaac/envs/superset/bin/python"
GUNICORN = ROOT / ".biaac/envs/superset/bin/gunicorn"
ORDERS = """
SELECT i AS order_id, i % 11 AS customer_id,
       TIMESTAMP '2017-08-20 00:30:00' + INTERVAL 97 MINUTE * i AS ordered_at,
       CAST(TIMESTAMP '2017-08-20 00:30:00' + INTERVAL 97 MINUTE * i AS DATE) AS order_day,
       CAST(i % 97 * 1.37 AS DECIMAL(18, 2)) AS amount, CAST([i % 5, NULL][i % 2 + 1] AS DECIMAL(18, 2)) AS discount,
       ['web', 'app', 'phone', NULL][i % 4 + 1] AS channel, i % 3 = 0 AS gift, CAST(NULL AS DATE) AS delivered_on,
       ['Portugal', 'Spain', 'Unknown'][i % 3 + 1] AS country,
       CAST(date_trunc('month', TIMESTAMP '2017-08-20 00:30:00' + INTERVAL 97 MINUTE * i) AS DATE) AS order_month
FROM (SELECT CAST(range AS BIGINT) AS i FROM range({rows}))
"""  # from 2017-08-20 on, fifteen a day
TICKETS = """
SELECT i AS ticket_id, i AS order_id, TIMESTAMP '2017-08-20 10:00:00' + INTERVAL 1 DAY * i AS opened_at,
       CAST(TIMESTAMP '2017-08-20 10:00:00' + INTERVAL 1 DAY * i AS DATE) AS opened_day,
       CASE WHEN i % 4 > 0 THEN TIMESTAMP '2017-08-22 10:00:00' + INTERVAL 1 DAY * i END AS closed_at,
       CASE WHEN i % 4 > 0 THEN 48 END AS hours_open,
       ['delivery', 'refund', NULL][i % 3 + 1] AS topic, CAST([1, 5, NULL][i % 3 + 1] AS BIGINT) AS score,
       CAST(date_trunc('month', TIMESTAMP '2017-08-20 10:00:00' + INTERVAL 1 DAY * i) AS DATE) AS opened_month
FROM (SELECT CAST(range AS BIGINT) AS i FROM range(100))
"""
ROWS = 1560  # orders until 2017-12-03: the last twelve whole weeks end with 2017-11-26


@dataclass
class Superset:
    """The running server, its jobs, and what it stands on."""

    cache: Cache
    lake: Lake
    files: Path
    state: Path
    environment: dict[str, str]
    port: int
    apply_server: "subprocess.Popen[str] | None" = None
    rows: int = 0  # of the current release
    touched: bool = True  # since it was last brought to the small company's files and ROWS orders
    _client: httpx.Client | None = None

    def publish(self, rows: int) -> str:
        """A release of so many orders, promoted; its id."""
        self.rows, self.touched = rows, True
        tables = {"gold.orders": ORDERS.format(rows=rows), "gold.tickets": TICKETS}
        ((reached,),) = duckdb.sql(f"SELECT max(ordered_at) FROM ({tables['gold.orders']})").fetchall()
        at = {"data_as_of": reached.replace(tzinfo=UTC), "synced_at": datetime(2026, 11, 24, tzinfo=UTC)}
        columns = {name: set(duckdb.sql(query).columns) for name, query in tables.items()}
        return self.lake.publish(
            {name: [query] for name, query in tables.items()},
            metrics=metric_files.load(COMPANY / "sqlmesh_project/metrics", columns),
            freshness=[StreamFreshness(connection="shop", stream="orders", **at)],
            audits=[
                AuditOutcome(model="gold.orders", audit="not_null", blocking=True, rows=0, query="SELECT 1"),
                AuditOutcome(model="gold.orders", audit="in_range", blocking=False, rows=3, query="SELECT 2"),
            ],
        )

    def run(
        self, script: str, *arguments: str, check: bool = True, room: Path = ROOM
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of ``room`` as its job does."""
        self.touched = True
        done = subprocess.run(
            [str(PYTHON), str(room / script), *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        assert done.returncode == 0 or not check, done.stdout + done.stderr
        return done

    def apply(self, *, plan: bool = False) -> list[dict[str, Any]]:
        """What the jobs apply and refresh do, in a process that stays; the changes. ``AssertionError`` if it failed."""
        self.touched = True
        if self.apply_server is None:
            self.apply_server = subprocess.Popen(
                [str(PYTHON), "tests/component/superset/apply_server.py"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=(self.state / "apply_server.log").open("w"),
                text=True,
            )
        assert self.apply_server.stdin and self.apply_server.stdout
        print(json.dumps({"plan": plan}), file=self.apply_server.stdin, flush=True)
        while not (line := self.apply_server.stdout.readline()).startswith("{"):
            assert line, (self.state / "apply_server.log").read_text()[-2000:]
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        changes: list[dict[str, Any]] = answer["changes"]
        return changes

    def end_apply_server(self) -> None:
        if self.apply_server:
            self.apply_server.kill()
            self.apply_server.wait()

    @property
    def release(self) -> str:
        """The id of the current one."""
        release = releases.current(self.lake.lake, "prod")
        assert release is not None
        return release.id

    @property
    def password(self) -> str:
        return (self.state / "admin_password").read_text()

    def client(self) -> httpx.Client:
        """Superset's REST API, logged in as admin."""
        if self._client is not None:
            return self._client
        client = self._client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60)
        credentials = {"username": "admin", "password": self.password, "provider": "db", "refresh": False}
        token = client.post("/api/v1/security/login", json=credentials).raise_for_status().json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        csrf = client.get("/api/v1/security/csrf_token/").raise_for_status().json()["result"]
        client.headers.update({"X-CSRFToken": csrf, "Referer": str(client.base_url)})
        return client

    def query(self, **query: Any) -> dict[str, Any]:
        """The first answer of the chart data API over ``gold.orders``."""
        orders = {"q": "(filters:!((col:table_name,opr:eq,value:orders)))"}
        listed = self.client().get("/api/v1/dataset/", params=orders).raise_for_status().json()
        dataset = listed["result"][0]["id"]
        body = {"datasource": {"id": dataset, "type": "table"}, "queries": [{"row_limit": 10_000} | query]}
        answer = self.client().post("/api/v1/chart/data", json=body)
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()["result"][0]
        return result

    def expected(self, sql: str) -> list[tuple[Any, ...]]:
        """What DuckDB answers over the same rows, as table ``orders``."""
        return duckdb.sql(f"WITH orders AS ({ORDERS.format(rows=ROWS)}) {sql}").fetchall()

    def stored(self, sql: str) -> list[tuple[Any, ...]]:
        """What Superset's own database holds."""
        with closing(sqlite3.connect(self.state / "superset.db")) as connection:
            return connection.execute(sql).fetchall()

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of what dashboards are made of in Superset's database, times of change included."""
        tables = ("dbs", "tables", "table_columns", "sql_metrics", "slices", "dashboards", "dashboard_slices")
        return {name: self.stored(f"SELECT * FROM {name} ORDER BY id") for name in tables}

    @property
    def ops(self) -> Bucket:
        return self.lake.ops

    def warm_statements(self) -> list[str]:
        """What it left for the cache service."""
        statements: list[str] = objects.read(self.ops, "warm/prod.json").value["statements"]
        return statements


@pytest.fixture(scope="package")
def standing(storage_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Superset]:
    """Superset as it stands after its first start."""
    with ExitStack() as started:  # what did start is stopped, also when the next part does not
        yield _start(storage_server, tmp_path_factory.mktemp("superset"), started)


def _start(storage_server: str, folder: Path, started: ExitStack) -> Superset:
    cache, lake = build(storage_server, folder)
    started.callback(cache.stop)
    cache.start(workers=2, worker_mib=512)
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    environment |= cache.environment | {
        "CACHE_URL": cache.url,
        "SUPERSET_URL": f"http://127.0.0.1:{port}",
        "SUPERSET_PORT": str(port),
        "SUPERSET_STATE_DIR": str(folder / "state"),
        "COMPANY_DIR": str(folder / "company"),
        "PYTHONPATH": f"{ROOT}:{ROOM}",  # this checkout's, wherever the environment was built
    }
    superset = Superset(cache, lake, folder / "company/superset", folder / "state", environment, port)
    started.callback(superset.end_apply_server)
    reset_files(superset)
    superset.run("bootstrap.py")
    command = [str(GUNICORN), "-c", "superset/gunicorn_conf.py", "superset.app:create_app()"]
    with (folder / "gunicorn.log").open("wb") as log:
        server = started.enter_context(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log))
    started.callback(server.send_signal, signal.SIGINT)  # gunicorn: at once
    health = f"http://127.0.0.1:{port}/health"
    wait_for(lambda: httpx.get(health, timeout=60).is_success, what=f"superset answers; see {folder}")
    return superset


@pytest.fixture
def superset(standing: Superset) -> Superset:
    """The same: as the small company's files say, over a release of ROWS orders."""
    if standing.touched:
        reset_files(standing)
        if standing.rows != ROWS:
            standing.publish(ROWS)
        standing.apply()
        standing.touched = False
    return standing


def reset_files(superset: Superset) -> None:
    shutil.rmtree(superset.files, ignore_errors=True)
    shutil.copytree(COMPANY / "superset", superset.files)
