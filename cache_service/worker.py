"""A worker: one process, one statement at a time, over memory-mapped Arrow files; any statement may kill it.

    python -m cache_service.worker SOCKET_FD LIMITS_JSON PARENT_PID

It has no way out but its socket to the front: no credentials, no object store, no file but those the front names.
"""

import contextlib
import ctypes
import itertools
import json
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import datafusion
import pyarrow as pa
from datafusion.catalog import CatalogProvider, SchemaProvider, Table

from cache_service import errors, functions, wire
from cache_service.dialect import Statement
from cache_service.errors import QueryError, sqlstate
from cache_service.schemas import answer_schema
from cache_service.wire import CATALOG, Limits

READ_ONLY = datafusion.SQLOptions().with_allow_ddl(False).with_allow_dml(False).with_allow_statements(False)
TABLES_KEPT = 64  # handles of memory maps, not their pages: enough for the tables of a few releases
MESSAGE = 2 << 20  # bytes of a batch of an answer
DEPTH = 5000  # calls while a statement is read: a chart's longest has some hundred
PR_SET_PDEATHSIG = 1


class ReleaseSchema(SchemaProvider):  # type: ignore[misc]  # datafusion ships no types
    """One schema of the statement's release: gets a table from the front when the planner needs it."""

    def __init__(self, worker: "Worker", name: str) -> None:
        self.worker, self.name = worker, name

    def table_names(self) -> set[str]:
        """Names without the schema."""
        prefix = self.name + "."
        return {table.removeprefix(prefix) for table in self.worker.tables if table.startswith(prefix)}

    def table_exist(self, name: str) -> bool:
        """Whether the release has it."""
        return f"{self.name}.{name}" in self.worker.tables

    def table(self, name: str) -> Table | None:
        """The table, loaded at first use."""
        return self.worker.table(f"{self.name}.{name}")


class ReleaseCatalog(CatalogProvider):  # type: ignore[misc]  # datafusion ships no types
    """The schemas of the statement's release."""

    def __init__(self, worker: "Worker") -> None:
        self.worker = worker

    def schema_names(self) -> set[str]:
        """The part of each table's name before the dot."""
        return {table.partition(".")[0] for table in self.worker.tables}

    def schema(self, name: str) -> ReleaseSchema | None:
        """A schema; None if no table has it in its name."""
        return ReleaseSchema(self.worker, name) if name in self.schema_names() else None


class Worker:
    """Answers statements from its socket until the front closes it."""

    def __init__(self, channel: socket.socket, limits: Limits) -> None:
        self.channel, self.limits = channel, limits
        self.tables: dict[str, str | None] = {}  # of this statement: name -> version; None: fetched every time
        self.touched: set[str] = set()
        self.failure: QueryError | None = None
        self.kept: OrderedDict[str, Table] = OrderedDict()  # by name and version
        # The planner asks from inside DataFusion's runtime, and a runtime may not be entered twice by one thread.
        self.opener = ThreadPoolExecutor(1)
        runtime = (
            datafusion.RuntimeEnvBuilder()
            .with_disk_manager_specified(limits.spill)
            .with_fair_spill_pool(limits.memory // 2)  # what the pool does not see needs the other half
        )
        self.context = self._context(runtime)

    def _context(self, runtime: datafusion.RuntimeEnvBuilder) -> datafusion.SessionContext:
        config = (
            datafusion.SessionConfig()
            .with_target_partitions(self.limits.partitions)
            .with_create_default_catalog_and_schema(False)
            .with_default_catalog_and_schema(CATALOG, "gold")
            .with_information_schema(False)
            # One hash table a join, built once: partitioning both sides costs more on two cores than it gives.
            .set("datafusion.optimizer.hash_join_single_partition_threshold", "1000000000")
            .set("datafusion.optimizer.hash_join_single_partition_threshold_rows", "100000000")
            .set("datafusion.optimizer.use_statistics_registry", "true")
            .set("datafusion.sql_parser.default_null_ordering", "nulls_last")
            .set("datafusion.sql_parser.parse_float_as_decimal", "true")
        )
        context = datafusion.SessionContext(config, runtime)
        context.register_catalog_provider(CATALOG, ReleaseCatalog(self))
        # It makes the SUM beside a COUNT(DISTINCT) wider after a comparison with it has been typed: an error then.
        context.remove_optimizer_rule("single_distinct_aggregation_to_group_by")
        context.remove_optimizer_rule("eliminate_group_by_constant")  # fails where x and CAST(x) are both keys
        functions.register(context)
        return context

    def table(self, name: str) -> Table | None:
        """The table of the current statement's release, fetched from the front unless its version is kept."""
        if name not in self.tables:
            return None
        self.touched.add(name)
        version = self.tables[name]
        key = f"{name}@{version}"
        if version is not None and key in self.kept:
            self.kept.move_to_end(key)
            return self.kept[key]
        wire.send(self.channel, {"need": name})
        header, payload = wire.receive(self.channel)
        if "failed" in header:
            self.failure = QueryError(errors.DATA_CORRUPTED, header["failed"])
            raise self.failure
        files = [Path(file) for file in header["files"]]
        table = self.opener.submit(open_table, payload, files, self.limits.partitions).result()
        if version is not None:
            self.kept[key] = table
            if len(self.kept) > TABLES_KEPT:
                self.kept.popitem(last=False)
        return table

    def serve(self) -> None:
        """Answer until the front is gone."""
        wire.send(self.channel, {"ready": os.getpid()})
        while True:
            try:
                header, payload = wire.receive(self.channel)
            except (EOFError, ConnectionError):
                return
            wire.send(self.channel, {"begun": True})
            started = time.process_time()
            _limit_cpu(self.limits.cpu_seconds)
            self.tables, self.touched, self.failure = header["tables"], set(), None
            try:
                answer, data = self.answer(header["sql"], payload, run=header["run"])
            except Exception as error:
                # Whatever DataFusion raises is an answer for the caller, never this loop's end.
                failure = self.failure or self._as_query_error(error)
                answer = {"error": {"state": failure.state, "message": str(failure)}}
                data = pa.py_buffer(b"")
            answer["cpu_seconds"] = round(time.process_time() - started, 4)
            wire.send(self.channel, answer, data)

    def answer(
        self, sql: str, parameters: bytes | bytearray = b"", *, run: bool = True
    ) -> tuple[dict[str, Any], pa.Buffer]:
        """Facts about the statement, and its rows (none unless ``run``) as an Arrow IPC stream."""
        statement, given = Statement.parse(sql), _parameters(parameters)
        if given is not None and len(given) != statement.placeholders:
            message = f"the statement takes {statement.placeholders} parameters, {len(given)} are given"
            raise QueryError(errors.BAD_PARAMETER, message)
        text = statement.write(self._columns)
        frame = self.context.sql_with_options(text, READ_ONLY, param_values=given)
        answered: Iterable[Any] = frame.execute_stream() if run else ()
        batches = (batch.to_pyarrow() for batch in answered)
        first = next(batches, None)
        plain = answer_schema(self._schema(frame) if first is None else first.schema)
        sink = pa.BufferOutputStream()
        rows = 0
        with pa.ipc.new_stream(sink, plain) as stream:
            for batch in itertools.chain([] if first is None else [first], batches):
                rows += batch.num_rows
                if rows > self.limits.rows or sink.tell() > self.limits.answer_bytes:
                    limit = f"{self.limits.rows} rows or {self.limits.answer_bytes >> 20} MiB"
                    message = f"the answer is larger than {limit}"
                    raise QueryError(errors.LIMIT_EXCEEDED, message, hint="aggregate, or add a LIMIT")
                for piece in _cut(_cast(batch, plain)):
                    stream.write_batch(piece)
        return {"touched": sorted(self.touched), "volatile": statement.volatile}, sink.getvalue()

    def _schema(self, frame: datafusion.DataFrame) -> pa.Schema:
        """The types that rows will have; those of the frame itself are from before types are made to fit."""
        return self.context.create_dataframe_from_logical_plan(frame.optimized_logical_plan()).schema()

    def _columns(self, name: str) -> pa.Schema | None:
        table = self.table(name)
        return None if table is None else table.schema

    def _as_query_error(self, error: Exception) -> QueryError:
        if isinstance(error, QueryError):
            return error
        if isinstance(error, RecursionError):
            return QueryError(errors.TOO_DEEP, "the statement is nested too deeply")
        state, message = sqlstate(str(error))
        if state == errors.NO_SUCH_TABLE:
            return QueryError(state, message, hint=f"there are: {', '.join(sorted(self.tables)) or 'no tables yet'}")
        return QueryError(state, message)


def open_table(payload: bytearray, files: list[Path], partitions: int) -> Table:
    """A table of the rows in ``payload`` and in memory-mapped ``files``, in stripes that fill every core."""
    with pa.ipc.open_stream(payload) as stream:
        schema, batches = stream.schema, list(stream)
    for file in files:
        reader = pa.ipc.open_file(pa.memory_map(str(file)))
        batches += [reader.get_batch(number) for number in range(reader.num_record_batches)]
    stripes = [batches[first::partitions] for first in range(partitions) if batches[first::partitions]]
    loader = datafusion.SessionContext()
    loader.register_record_batches("loaded", stripes or [[pa.RecordBatch.from_pylist([], schema=schema)]])
    return loader.catalog().schema("public").table("loaded")


def _cut(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Halves, until each is small enough: a stock client takes no message above 16 MiB."""
    if batch.nbytes <= MESSAGE or batch.num_rows == 1:
        yield batch
        return
    for start in (0, batch.num_rows // 2):
        yield from _cut(batch.slice(start, batch.num_rows // 2 if start == 0 else None))


def _cast(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    if batch.schema == schema:
        return batch
    # safe=False: nanoseconds are cut to microseconds; no other cast here can lose anything.
    columns = [
        column if column.type == field.type else column.cast(field.type, safe=False)
        for column, field in zip(batch.columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _parameters(payload: bytes | bytearray) -> dict[str, Any] | None:
    """``$1``, ``$2``, ... as DataFusion takes them: values, never text in the statement."""
    if not payload:
        return None
    row = wire.from_stream(payload)
    if row.num_rows != 1:
        raise QueryError(errors.BAD_PARAMETER, f"one row of parameters is expected, found {row.num_rows}")
    values = [column[0] for column in row.columns]
    # A client that does not know a parameter's type sends a union of all types.
    plain = [pa.scalar(value.as_py()) if isinstance(value, pa.UnionScalar) else value for value in values]
    return {str(number): value for number, value in enumerate(plain, start=1)}


def _limit_cpu(seconds: int) -> None:
    """The kernel ends this process (SIGXCPU) once it has used ``seconds`` more on the cores."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _die_with(parent: int) -> None:
    """No worker outlives its front, even one whose statement never ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it went before prctl took effect
            os._exit(1)
        return

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)  # no signal tells of a parent's end here: a poll that ends with this process
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """Entry point of the process."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    limits = Limits(**json.loads(sys.argv[2]))
    _die_with(int(sys.argv[3]))
    sys.setrecursionlimit(DEPTH)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the front ends its workers
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (limits.memory, limits.memory))
    with contextlib.suppress(KeyboardInterrupt):
        worker = Worker(channel, limits)
        worker.answer("SELECT 1")  # starts the runtime and warms the planner: 40 ms that no person should wait
        worker.serve()


if __name__ == "__main__":
    main()
