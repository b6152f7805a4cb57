"""A tiny grocery: Bronze as Airbyte writes it, an Airbyte that tells which syncs succeeded, and the real job."""

import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from biaac import releases, runs
from biaac.clients import storage_client
from biaac.settings import ROOT, Settings

CHANGE = pa.struct([("field", pa.string()), ("change", pa.string()), ("reason", pa.string())])
META = pa.struct([("sync_id", pa.int64()), ("changes", pa.list_(CHANGE))])
TEXT = ("department", "brand", "product_category", "product_type", "package_size")
PEOPLE = ("age", "income", "home_ownership", "marital_status", "household_size", "household_comp", "kids_count")


class Outside(BaseHTTPRequestHandler):
    """Airbyte's list of jobs, and a Run API in which every execution has ended."""

    jobs: list[dict[str, Any]]

    def do_GET(self) -> None:
        if "/executions/" in self.path:
            body: Any = {"name": self.path.removeprefix("/v2/"), "completionTime": "2026-01-01T00:00:00Z"}
        else:
            body = {"data": self.jobs if "offset=0" in self.path else []}
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        return


class Grocery:
    """The source, its Bronze and its lake."""

    def __init__(self, settings: Settings, environment: dict[str, str], jobs: list[dict[str, Any]]) -> None:
        self.settings = settings
        self.environment = environment
        self.jobs = jobs
        self.runs = 0
        client = storage_client(settings)
        self.bronze, self.lake = client.bucket(settings.bronze_bucket), client.bucket(settings.lake_bucket)
        self.ops = client.bucket(settings.ops_bucket)

    def sync(self, lines: list[dict[str, Any]], *, status: str = "succeeded", departments: str = "DAIRY") -> int:
        """One sync that brings ``lines`` and the lists of products and households; the job's id."""
        job = len(self.jobs) + 1
        products = [
            {"product_id": n, "manufacturer_id": 1} | dict.fromkeys(TEXT, departments if n != 9 else "FUEL")
            for n in (1, 2, 3, 9)
        ]
        people = [{"household_id": n} | dict.fromkeys(PEOPLE, "x") for n in (1, 2)]
        for stream, rows, generation in (
            ("transactions", lines, 0),
            ("products", products, job),
            ("households", people, job),
        ):
            self._write(stream, rows, job, generation)
        now = datetime.now(UTC).isoformat()
        self.jobs.insert(0, {"jobId": job, "status": status, "jobType": "sync", "lastUpdatedAt": now})
        return job

    def _write(self, stream: str, rows: list[dict[str, Any]], job: int, generation: int) -> None:
        now = datetime.now(UTC)
        table = pa.Table.from_pylist(rows)
        count = len(rows)
        columns = {
            "_airbyte_raw_id": pa.array([f"{job}-{stream}-{n}" for n in range(count)]),
            "_airbyte_extracted_at": pa.array([now] * count, pa.timestamp("ms", tz="UTC")),
            "_airbyte_meta": pa.array([{"sync_id": job, "changes": []}] * count, META),
            "_airbyte_generation_id": pa.array([generation] * count, pa.int64()),
        }
        columns |= {name: table[name].combine_chunks() for name in table.column_names}
        buffer = io.BytesIO()
        pq.write_table(pa.table(columns), buffer)
        name = f"grocery/{stream}/{now:%Y_%m_%d}_{1_790_000_000_000 + job}_0.parquet"
        self.bronze.blob(name).upload_from_string(buffer.getvalue())

    def transform(self, *, reason: str = "sync", kill_before: str | None = None) -> runs.Run | None:
        """Run the job in a process of its own; its record, None when it was killed."""
        self.runs += 1
        start = ["-m", "sqlmesh_project.transform"]
        if kill_before:
            start = [str(Path(__file__).with_name("killed.py")), kill_before]
        execution = f"workflow-{self.runs}"
        done = subprocess.run(
            [sys.executable, *start, "--execution", execution, "--reason", reason],
            cwd=ROOT,
            env={**self.environment, "CLOUD_RUN_JOB": "transform", "CLOUD_RUN_EXECUTION": f"transform-{self.runs}"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if kill_before:
            assert done.returncode == -9, f"not killed: {done.stdout[-2000:]}{done.stderr[-2000:]}"
            return None
        assert done.returncode == 0, f"{done.stdout[-3000:]}{done.stderr[-3000:]}"
        return runs.get(self.ops, "prod", execution)

    def sales(self) -> list[tuple[Any, ...]]:
        """basket, product, month, revenue, department of the newest release, in order."""
        release = releases.latest(self.lake, "prod")
        assert release is not None
        manifest = releases.read_manifest(self.lake, release.tables["gold.sales"])
        tables = [pq.read_table(io.BytesIO(releases.read_file(self.lake, file))) for file in manifest.files]
        sales = pa.concat_tables(tables)
        assert sales.num_rows == manifest.rows
        return duckdb.sql(
            "SELECT basket_id, product_id, sale_month::VARCHAR, revenue::VARCHAR, department FROM sales ORDER BY 1, 2"
        ).fetchall()


def line(basket: int, product: int, day: str, value: float, **more: Any) -> dict[str, Any]:
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


@pytest.fixture
def grocery(environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Grocery]:
    jobs: list[dict[str, Any]] = []
    handler = type("Handler", (Outside,), {"jobs": jobs})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    more = {"AIRBYTE_URL": url, "RUN_EMULATOR_HOST": url, "LAKE_STATE_DIR": str(tmp_path / "lake")}
    for name, value in more.items():
        monkeypatch.setenv(name, value)
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    yield Grocery(Settings.load(), {**kept, **environment, **more}, jobs)
    server.shutdown()
