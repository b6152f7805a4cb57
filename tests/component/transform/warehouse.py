"""An installed company with its Bronze and its lake, the real transform job, and what stands outside it.

Airbyte and the Run API are servers that answer what a test says; syncs write Bronze as Airbyte does.
"""

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from biaac import connections, releases, runs
from biaac.clients import storage_client
from biaac.releases import Release, TableManifest
from biaac.settings import ROOT, Settings
from tests.company import HERE, Row
from tests.component.functions.airbyte_server import FakeAirbyte
from transform import lake_state
from transform.engine import Engine
from transform.settings import LakeSettings

Rows = Sequence[Row] | pa.Table

CHANGE = pa.struct([("field", pa.string()), ("change", pa.string()), ("reason", pa.string())])
META = pa.struct([("sync_id", pa.int64()), ("changes", pa.list_(CHANGE))])
TYPES = {
    "integer": pa.int64(),
    "number": pa.float64(),
    "text": pa.string(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
}
COLUMNS = {
    f"{file.parent.name}/{stream}": {name: TYPES[kind] for name, kind in declared["columns"].items()}
    for file in HERE.glob("data/*/streams.json")
    for stream, declared in json.loads(file.read_bytes()).items()
}
FIRST_SYNC = datetime(2026, 11, 24, 6, tzinfo=UTC)
CHANGED_AT = datetime(2026, 6, 30, 12, tzinfo=UTC)  # of every row made here: of its versions the one read last counts


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


class Warehouse:
    """The company's Bronze, its lake and its releases, driven by syncs and by the transform job."""

    def __init__(self, settings: Settings, environment: dict[str, str], airbyte: FakeAirbyte, jobs: Jobs) -> None:
        self.settings, self.environment, self.airbyte, self.jobs = settings, environment, airbyte, jobs
        self.living: set[str] = set()  # executions that the Run API says have not ended
        self.asked = 0  # how often the Run API was asked for one
        self._executions = 0
        client = storage_client(settings)
        self.bronze, self.lake = client.bucket(settings.bronze_bucket), client.bucket(settings.lake_bucket)
        self.ops = client.bucket(settings.ops_bucket)

    def sync(self, connection: str = "shop", *, status: str = "succeeded", **streams: Rows) -> int:
        """One sync, as Airbyte does it: rows appended, lists sent whole, old lists gone at its end; the job's id.

        A list that a test does not name is sent as it always was.
        """
        job = len(self.airbyte.jobs) + 1
        for stream in connections.get(self.settings.connections, connection).streams:
            whole = stream.mode == "full_refresh"
            rows = streams.get(stream.name, LISTS.get(stream.name, []))
            self.write(f"{connection}/{stream.name}", rows, job=job, generation=job if whole else 0)
            for blob in self.files_of(f"{connection}/{stream.name}") if whole and status == "succeeded" else []:
                if f"_{_epoch_ms(job)}_" not in blob.name:
                    blob.delete()
        self.end(connection, status=status)
        return job

    def end(self, connection: str, *, status: str = "succeeded") -> None:
        """Airbyte's record of a sync."""
        job = len(self.airbyte.jobs) + 1
        record = {"jobId": job, "status": status, "jobType": "sync", "connectionId": f"c-{connection}"}
        ended = FIRST_SYNC + timedelta(minutes=job)
        times = {"startTime": FIRST_SYNC.isoformat(), "lastUpdatedAt": ended.isoformat()}
        self.airbyte.jobs.append({**record, **times})

    def files_of(self, stream: str, *, job: int | None = None) -> list[Any]:
        """The Bronze objects of a stream, or of one sync of it."""
        blobs = self.bronze.list_blobs(prefix=f"{stream}/")
        return [blob for blob in blobs if job is None or f"_{_epoch_ms(job)}_" in blob.name]

    def write(self, stream: str, rows: Rows, *, job: int, generation: int) -> None:
        """Append objects of one sync, the rows of each twice: Airbyte delivers at least once."""
        if not rows:
            return
        extracted = FIRST_SYNC + timedelta(minutes=job)
        table = rows if isinstance(rows, pa.Table) else _table(stream, rows)
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
            name = f"{stream}/{extracted:%Y_%m_%d}_{_epoch_ms(job)}_{part}.parquet"
            self.bronze.blob(name).upload_from_string(buffer.getvalue())

    def attempt(
        self,
        *,
        reason: str = "sync",
        execution: str | None = None,
        kill_before: str | None = None,
        nth: int = 1,
        rival: bool = False,
    ) -> tuple[int, str]:
        """Run the job once: exit code and what it printed. A rival writes the lake's state while it works."""
        self._executions += 1
        name = execution or f"workflow-{self._executions}"
        environment = {**self.environment, "CLOUD_RUN_EXECUTION": f"transform-{self._executions}"}
        environment |= {"RIVAL": "state"} if rival else {}
        return self.jobs.run(environment, ["--execution", name, "--reason", reason], kill_before, nth)

    def plan(self) -> tuple[int, str]:
        """Run the job with ``--plan``: exit code and what it printed."""
        return self.jobs.run(self.environment, ["--plan"], None, 1)

    def transform(self, *, reason: str = "sync", execution: str | None = None) -> runs.Run:
        """Run the job to its end; its record."""
        code, output = self.attempt(reason=reason, execution=execution)
        assert code == 0, output
        name = execution or f"workflow-{self._executions}"
        return runs.get(self.ops, self.settings.environment, name)

    def with_environment(self, **variables: str) -> "Warehouse":
        """The same Bronze, with variables of its own: another environment has its own lake, ledger and releases."""
        environment = {**self.environment, **variables}
        name = environment.get("BIAAC_ENVIRONMENT", self.settings.environment)
        settings = self.settings.model_copy(update={"environment": name})
        return Warehouse(settings, environment, self.airbyte, self.jobs)

    def release(self) -> Release:
        """The newest release."""
        release = releases.latest(self.lake, self.settings.environment)
        assert release is not None
        return release

    def manifest(self, table: str) -> TableManifest:
        """One table of the newest release."""
        return releases.read_manifest(self.lake, self.release().tables[table])

    def rows(self, table: str) -> list[Row]:
        """Rows of one table of the newest release, in the order of its key, NULL first."""
        manifest = self.manifest(table)
        files = [pq.read_table(io.BytesIO(releases.read_file(self.lake, file))) for file in manifest.files]
        rows: list[Row] = [row for file in files for row in file.to_pylist()]
        assert len(rows) == manifest.rows
        return sorted(rows, key=lambda row: [(row[column] is not None, row[column]) for column in manifest.grain])

    def lake_files(self) -> set[str]:
        """Names of the files that hold the rows of the working tables."""
        return {path.name for path in Path(self.environment["LAKE_DATA_DIR"]).rglob("*.parquet")}

    def named_files(self) -> set[str]:
        """Names of the files that the lake's state names."""
        settings = LakeSettings.load()
        with lake_state.fetched(self.lake, settings) as state:
            adapter = Engine(state.settings).config().connection.create_engine_adapter()
            tables = (f"__ducklake_metadata_lake.ducklake_{kind}_file" for kind in ("data", "delete"))
            rows = adapter.cursor.execute(" UNION ".join(f"SELECT path FROM {table}" for table in tables)).fetchall()
            adapter.close()
        return {Path(path).name for (path,) in rows}

    def orders(self) -> list[tuple[Any, ...]]:
        """Id, month, amount and country of every order in Gold."""
        return [
            (row["order_id"], str(row["order_month"]), str(row["amount"]), row["country"])
            for row in self.rows("gold.orders")
        ]


def order(number: int, day: str | date, amount: float, **more: Any) -> Row:
    """One order as the source has it."""
    columns: Row = dict.fromkeys(COLUMNS["shop/orders"]) | {
        "order_id": number,
        "customer_id": 1,
        "ordered_at": datetime.fromisoformat(f"{day}T12:00:00+00:00"),
        "amount": amount,
        "updated_at": CHANGED_AT,
    }
    return columns | more


def customer(number: int, country: str | None) -> Row:
    """One row of the list of customers."""
    return {"customer_id": number, "name": f"Customer {number}", "country": country, "since": None}


def ticket(number: int, day: str | date, **more: Any) -> Row:
    """One ticket as the source has it."""
    opened = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    columns = dict.fromkeys(COLUMNS["support/tickets"])
    return columns | {"ticket_id": number, "opened_at": opened, "updated_at": CHANGED_AT} | more


CUSTOMERS = [customer(1, "Brazil"), customer(2, "Brazil"), customer(3, "Spain")]
LISTS: dict[str, Rows] = {"customers": CUSTOMERS}
ORDERS = [
    order(1, "2026-04-03", 10.0),
    order(2, "2026-04-03", 0.1),
    order(3, "2026-05-09", 5.5),
    order(4, "2026-06-01", 3.0, customer_id=77),  # a customer that no list has
    order(5, "2026-06-02", 20.0, customer_id=None),
    order(6, "2026-06-02", 7.0, deleted_at=CHANGED_AT),
]
TICKETS = [ticket(1, "2026-05-03"), ticket(2, "2026-06-04", topic="refund")]


@dataclass
class Snapshot:
    """A warehouse at one moment: building the first release takes seconds, copying it does not."""

    objects: dict[str, dict[str, bytes]]
    jobs: list[Row]
    lake: Path

    @classmethod
    def of(cls, warehouse: Warehouse, lake: Path) -> "Snapshot":
        objects = {
            key: {blob.name: blob.download_as_bytes() for blob in bucket.list_blobs()}
            for key, bucket in _buckets(warehouse).items()
        }
        shutil.copytree(warehouse.environment["LAKE_DATA_DIR"], lake)
        return cls(objects, list(warehouse.airbyte.jobs), lake)

    def restore(self, warehouse: Warehouse) -> None:
        for key, bucket in _buckets(warehouse).items():
            for name, data in self.objects[key].items():
                bucket.blob(name).upload_from_string(data)
        warehouse.airbyte.jobs.extend(self.jobs)
        shutil.copytree(self.lake, warehouse.environment["LAKE_DATA_DIR"])


def _buckets(warehouse: Warehouse) -> dict[str, Any]:
    return {"bronze": warehouse.bronze, "lake": warehouse.lake, "ops": warehouse.ops}


def _table(stream: str, rows: Sequence[Row]) -> pa.Table:
    """Rows as Airbyte types them; a column that the source does not declare has the type of its values."""
    declared = COLUMNS.get(stream, {})
    return pa.table({name: pa.array([row[name] for row in rows], declared.get(name)) for name in rows[0]})


def _epoch_ms(job: int) -> int:
    return 1_790_000_000_000 + job
