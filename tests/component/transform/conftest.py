"""A tiny grocery: Bronze as Airbyte writes it, an Airbyte and a Run API that tell what they are told, the real job."""

import io
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from biaac import releases, runs
from biaac.clients import storage_client
from biaac.releases import Release, TableManifest
from biaac.settings import ROOT, Settings
from tests.component.functions.airbyte_server import airbyte_connection

CHANGE = pa.struct([("field", pa.string()), ("change", pa.string()), ("reason", pa.string())])
META = pa.struct([("sync_id", pa.int64()), ("changes", pa.list_(CHANGE))])
FIRST_SYNC = datetime(2026, 11, 24, 6, tzinfo=UTC)

CONNECTION = """
name: grocery
description: A tiny grocery.
owner: retail-data@example.com
source: {connector: sources/grocery}
schedule: {cron: "0 5 * * *"}
freshness: {warn_after: 26h, fail_after: 50h}
streams:
  - {name: transactions, mode: incremental, cursor: transaction_timestamp, primary_key: [basket_id, product_id]}
  - {name: products, mode: full_refresh, primary_key: [product_id]}
  - {name: households, mode: full_refresh, primary_key: [household_id]}
"""

Row = dict[str, Any]
Rows = list[Row] | pa.Table


@dataclass
class Outside:
    """What Airbyte and the Run API answer."""

    jobs: list[Row] = field(default_factory=list)
    living: set[str] = field(default_factory=set)  # executions that have not ended

    def answer(self, path: str) -> tuple[int, Any]:
        if path.startswith("/api/public/v1/jobs"):
            assert "connectionId=c-1" in path
            jobs = [job for job in self.jobs if f"status={job['status']}" in path]
            return 200, {"data": sorted(jobs, key=lambda job: -job["jobId"]) if "offset=0" in path else []}
        if path.startswith("/api/public/v1/connections"):
            return 200, {"data": [airbyte_connection("grocery", "c-1")]}
        name = path.removeprefix("/v2/").partition("?")[0]
        ended = {} if name in self.living else {"completionTime": "2026-01-01T00:00:00Z"}
        return 200, {"name": name, **ended}


class Jobs:
    """The transform job as processes of their own."""

    def __init__(self, folder: Path) -> None:
        self._output = folder / "job.log"
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.component.transform.job_server"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, environment: Row, arguments: list[str], kill_before: str | None, nth: int) -> tuple[int, str]:
        request = {"environment": environment, "arguments": arguments, "output": str(self._output)}
        assert self._server.stdin and self._server.stdout
        print(json.dumps({**request, "kill_before": kill_before, "nth": nth}), file=self._server.stdin, flush=True)
        return int(self._server.stdout.readline()), self._output.read_text()

    def stop(self) -> None:
        assert self._server.stdin
        self._server.stdin.close()
        self._server.wait()


class Grocery:
    """The source, its Bronze and its lake."""

    def __init__(self, settings: Settings, environment: dict[str, str], outside: Outside, jobs: Jobs) -> None:
        self.settings, self.environment, self.outside = settings, environment, outside
        self._jobs = jobs
        self._executions = 0
        client = storage_client(settings)
        self.bronze, self.lake = client.bucket(settings.bronze_bucket), client.bucket(settings.lake_bucket)
        self.ops = client.bucket(settings.ops_bucket)

    def sync(
        self,
        lines: Rows,
        *,
        products: Rows | None = None,
        households: Rows | None = None,
        status: str = "succeeded",
    ) -> int:
        """One sync, as Airbyte does it: rows appended, lists sent whole, old lists gone at its end; the job's id."""
        job = len(self.outside.jobs) + 1
        self.write("transactions", lines, job=job, generation=0)
        lists = {"products": PRODUCTS if products is None else products, "households": households or HOUSEHOLDS}
        for stream, rows in lists.items():
            self.write(stream, rows, job=job, generation=job)
            for blob in list(self.bronze.list_blobs(prefix=f"grocery/{stream}/")) if status == "succeeded" else []:
                if f"_{_epoch_ms(job)}_" not in blob.name:
                    blob.delete()
        times = {
            "startTime": FIRST_SYNC.isoformat(),
            "lastUpdatedAt": (FIRST_SYNC + timedelta(minutes=job)).isoformat(),
        }
        self.outside.jobs.append({"jobId": job, "connectionId": "c-1", "status": status, "jobType": "sync", **times})
        return job

    def write(self, stream: str, rows: Rows, *, job: int, generation: int) -> None:
        """Append objects of one sync, the rows of each twice: Airbyte delivers at least once."""
        if not rows:
            return
        extracted = FIRST_SYNC + timedelta(minutes=job)
        table = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(rows)
        columns = {
            "_airbyte_raw_id": pa.array([f"{job}-{stream}-{n}" for n in range(len(rows))]),
            "_airbyte_extracted_at": pa.array([extracted] * len(rows), pa.timestamp("ms", tz="UTC")),
            "_airbyte_meta": pa.array([{"sync_id": job, "changes": []}] * len(rows), META),
            "_airbyte_generation_id": pa.array([generation] * len(rows), pa.int64()),
        }
        columns |= {name: table[name].combine_chunks() for name in table.column_names}
        for part in (0, 1):
            buffer = io.BytesIO()
            pq.write_table(pa.table(columns), buffer)
            name = f"grocery/{stream}/{extracted:%Y_%m_%d}_{_epoch_ms(job)}_{part}.parquet"
            self.bronze.blob(name).upload_from_string(buffer.getvalue())

    def attempt(
        self, *, reason: str = "sync", execution: str | None = None, kill_before: str | None = None, nth: int = 1
    ) -> tuple[int, str]:
        """Run the job once: exit code and what it printed."""
        self._executions += 1
        name = execution or f"workflow-{self._executions}"
        environment = {**self.environment, "CLOUD_RUN_EXECUTION": f"transform-{self._executions}"}
        return self._jobs.run(environment, ["--execution", name, "--reason", reason], kill_before, nth)

    def plan(self) -> tuple[int, str]:
        """Run the job with ``--plan``: exit code and what it printed."""
        return self._jobs.run(self.environment, ["--plan"], None, 1)

    def transform(self, *, reason: str = "sync", execution: str | None = None) -> runs.Run:
        """Run the job to its end; its record."""
        code, output = self.attempt(reason=reason, execution=execution)
        assert code == 0, output
        name = execution or f"workflow-{self._executions}"
        return runs.get(self.ops, self.settings.environment, name)

    def in_environment(self, name: str, more: dict[str, str] | None = None) -> "Grocery":
        """The same source, with a lake, a ledger and releases of another environment."""
        variables = {**self.environment, **(more or {}), "BIAAC_ENVIRONMENT": name}
        settings = self.settings.model_copy(update={"environment": name})
        return Grocery(settings, variables, self.outside, self._jobs)

    def release(self) -> Release:
        """The newest release."""
        found = releases.latest(self.lake, self.settings.environment)
        assert found is not None
        return found

    def manifest(self, table: str) -> TableManifest:
        """One table of the newest release."""
        return releases.read_manifest(self.lake, self.release().tables[table])

    def rows(self, table: str) -> list[Row]:
        """Rows of one table of the newest release, in the order of its key."""
        manifest = self.manifest(table)
        files = [pq.read_table(io.BytesIO(releases.read_file(self.lake, file))) for file in manifest.files]
        found: list[Row] = pa.concat_tables(files).to_pylist()
        assert len(found) == manifest.rows
        return sorted(found, key=lambda row: [row[column] for column in manifest.grain])

    def sales(self) -> list[tuple[Any, ...]]:
        """basket, product, month, revenue, department of every line, in order."""
        columns = ("basket_id", "product_id", "sale_month", "revenue", "department")
        return [
            tuple(str(row[name]) if name in ("sale_month", "revenue") else row[name] for name in columns)
            for row in self.rows("gold.sales")
        ]


def line(basket: int, product: int, day: str | date, value: float, **more: Any) -> Row:
    """One line of a till receipt as the source has it."""
    fields = {
        "household_id": 1,
        "store_id": 7,
        "basket_id": basket,
        "product_id": product,
        "quantity": 1,
        "sales_value": value,
        "retail_disc": 0.0,
        "coupon_disc": 0.0,
        "coupon_match_disc": 0.0,
        "week": 1,
        "transaction_timestamp": datetime.fromisoformat(f"{day}T12:00:00+00:00"),
    }
    return fields | more


def product(number: int, department: str | None, **more: Any) -> Row:
    """One row of the product list."""
    texts = {"brand": "National", "product_category": "ANY", "product_type": "ANY", "package_size": "1 LB"}
    return {"product_id": number, "manufacturer_id": 1, "department": department, **texts, **more}


PRODUCTS = [product(1, "DAIRY"), product(2, "DAIRY"), product(3, "DAIRY"), product(9, "FUEL")]
PEOPLE = ("age", "income", "home_ownership", "marital_status", "household_size", "household_comp", "kids_count")
HOUSEHOLDS = [{"household_id": number} | dict.fromkeys(PEOPLE, "x") for number in (1, 2)]


FIRST = [
    line(1, 1, "2017-04-03", 10.0),
    line(1, 2, "2017-04-03", 0.1),
    line(2, 1, "2017-05-09", 5.5),
    line(3, 77, "2017-06-01", 3.0),  # a product that no list has
    line(4, 9, "2017-06-02", 20.0, quantity=8_123, household_id=5),  # fuel, in thousandths of a gallon
]


@dataclass
class Snapshot:
    """A grocery at one moment: building the first release takes seconds, copying it does not."""

    objects: dict[str, dict[str, bytes]]
    jobs: list[Row]
    lake: Path

    @classmethod
    def of(cls, grocery: Grocery, lake: Path) -> "Snapshot":
        buckets = {"bronze": grocery.bronze, "lake": grocery.lake, "ops": grocery.ops}
        objects = {key: {b.name: b.download_as_bytes() for b in bucket.list_blobs()} for key, bucket in buckets.items()}
        shutil.copytree(grocery.environment["LAKE_STATE_DIR"], lake)
        return cls(objects, list(grocery.outside.jobs), lake)

    def restore(self, grocery: Grocery) -> None:
        for key, bucket in {"bronze": grocery.bronze, "lake": grocery.lake, "ops": grocery.ops}.items():
            for name, data in self.objects[key].items():
                bucket.blob(name).upload_from_string(data)
        grocery.outside.jobs.extend(self.jobs)
        shutil.copytree(self.lake, grocery.environment["LAKE_STATE_DIR"])


def _epoch_ms(job: int) -> int:
    return 1_790_000_000_000 + job


@pytest.fixture(scope="package")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    server = Jobs(tmp_path_factory.mktemp("jobs"))
    yield server
    server.stop()


@pytest.fixture
def grocery(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: Jobs
) -> Iterator[Grocery]:
    outside = Outside()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = outside.answer(self.path)
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    connections = tmp_path / "connections"
    connections.mkdir()
    (tmp_path / "sqlmesh_project").symlink_to(ROOT / "sqlmesh_project")
    (tmp_path / "company.yaml").symlink_to(ROOT / "company.yaml")
    (connections / "grocery.yaml").write_text(CONNECTION)
    more = {
        "AIRBYTE_URL": f"{url}/api/public/v1",
        "RUN_EMULATOR_HOST": url,
        "LAKE_STATE_DIR": str(tmp_path / "lake"),
        "COMPANY_DIR": str(tmp_path),
        "CLOUD_RUN_JOB": "transform",
    }
    for name, value in more.items():
        monkeypatch.setenv(name, value)
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    yield Grocery(Settings.load(), {**kept, **environment, **more}, outside, jobs)
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="package")
def snapshots() -> list[Snapshot]:
    """The one snapshot of this package, once a test has made it."""
    return []


@pytest.fixture
def stocked(grocery: Grocery, snapshots: list[Snapshot], tmp_path_factory: pytest.TempPathFactory) -> Grocery:
    """The grocery with ``FIRST`` in, and released by execution ``first``."""
    if snapshots:
        snapshots[0].restore(grocery)
    else:
        grocery.sync(FIRST)
        grocery.transform(execution="first")
        snapshots.append(Snapshot.of(grocery, tmp_path_factory.mktemp("stocked") / "lake"))
    return grocery
