"""What goes wrong: statements that run away, crash or eat memory, and processes that are killed."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import psutil
import pyarrow as pa
import pytest
from pyarrow import flight

from tests.component.cache.conftest import Standing, orders
from tests.component.cache.service import PATIENCE_S, Cache, Lake, eventually

COUNT = "SELECT count(*) FROM gold.orders"
ENDLESS = "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT sum(n) FROM r"
DEEP = "SELECT " + "+".join(["1"] * 6_000)
BOMB = "SELECT length(" + "replace(" * 4 + "'aaaaaaaaaaaaaaaaaaaa'" + f", 'a', '{'a' * 90}')" * 4 + ")"


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (ENDLESS, "57014: stopped after 3 s of processor time"),
        (DEEP, "54001: the statement is nested too deeply"),
        (BOMB, "53200: "),
    ],
    ids=["endless", "deep", "memory"],
)
def test_a_bad_statement_costs_its_worker_and_neighbours_go_on(standing: Standing, statement: str, reason: str) -> None:
    cache = standing.cache
    answers: list[int] = []
    done = threading.Event()

    def neighbour() -> None:
        while not done.is_set():
            answers.append(cache.value(f"SELECT count(*) + 0 * {len(answers)} FROM gold.orders"))

    beside = threading.Thread(target=neighbour)
    beside.start()
    try:
        with pytest.raises(pa.ArrowException, match=reason) as error:
            cache.rows(statement)
        before = len(answers)
        eventually(lambda: len(answers) > before + 3, what="the neighbour is answered")
    finally:
        done.set()
        beside.join(PATIENCE_S)
    assert "Traceback" not in str(error.value)
    assert set(answers) == {1000}


def test_a_statement_that_waits_instead_of_computing_is_stopped_by_the_clock(cache: Cache, lake: Lake) -> None:
    lake.publish({"gold.orders": [orders(0, 10)]})
    cache.start(query_seconds=8)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(cache.rows, ENDLESS)
        os.kill(running(cache), signal.SIGSTOP)  # it uses no processor from here on
        with pytest.raises(pa.ArrowException, match="57014: stopped after 8 s"):
            answer.result()
    assert cache.value(COUNT) == 10


def test_a_worker_killed_from_outside_is_replaced_and_its_statement_fails_with_the_reason(cache: Cache) -> None:
    cache.start(query_cpu_seconds=PATIENCE_S)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(cache.rows, ENDLESS)
        os.kill(running(cache), signal.SIGKILL)
        with pytest.raises(pa.ArrowException, match=r"58000: this statement ended its worker \(SIGKILL\)"):
            answer.result()
    eventually(lambda: len(ready(cache)) == 2, what="it is replaced")


def test_workers_killed_while_idle_cost_nobody_an_answer(cache: Cache, lake: Lake) -> None:
    lake.publish({"gold.orders": [orders(0, 10)]})
    cache.start()
    eventually(lambda: len(ready(cache)) == 2, what="the workers stand")
    for pid in ready(cache):
        os.kill(pid, signal.SIGKILL)
    assert cache.value(COUNT) == 10


@pytest.mark.parametrize(
    ("sql", "state"),
    [
        ("DROP TABLE gold.orders", "25006"),
        ("CREATE TABLE x AS SELECT 1", "25006"),
        ("CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'", "25006"),
        ("INSERT INTO gold.products VALUES (1, 'x', NULL)", "25006"),
        ("COPY gold.products TO '/tmp/x.csv'", "25006"),
        ("SET datafusion.execution.batch_size = 1", "25006"),
        ("SELECT 1; SELECT 2", "0A000"),
        ("SELECT * FROM '/etc/passwd'", "42P01"),
        ("SELECT * FROM nowhere", "42P01"),
        ("SELECT nope FROM gold.orders", "42703"),
        ("SELECT no_such_function(1)", "42883"),
        ("SELEC 1", "42601"),
        ("SELECT 9223372036854775807 + 1", "22003"),
        ("SELECT count(*) FROM gold.orders TABLESAMPLE 1 PERCENT", "0A000"),
        ("SELECT to_char(ordered_at, 'YYYY') FROM gold.orders", "0A000"),
        ("SELECT ? + $3 + $name", "22023"),
        ("SELECT $1", "22023"),
        ("SELECT CAST('x' AS INTEGER)", "22018"),
        ("SELECT repeat('x', 1000000000)", "42883"),
        ("SELECT lpad('x', 1000000000)", "42883"),
        ("SELECT * FROM generate_series(1, 1000000000)", "42883"),
        ("SELECT range(1, 1000000000)", "42883"),
        ("SELECT " + "(" * 5000 + "1" + ")" * 5000, "54001"),
        ("SELECT '" + "x" * 300_000 + "'", "54000"),
        ("SELECT a.* FROM gold.orders AS a, gold.orders AS b, gold.orders AS c LIMIT 2000000", "54000"),
    ],
)
def test_what_cannot_be_answered_is_refused_by_its_state_without_a_traceback(
    standing: Standing, sql: str, state: str
) -> None:
    lost = standing.cache.status()["workers_lost"]
    with pytest.raises(pa.ArrowException) as error:
        standing.cache.rows(sql)
    message = str(error.value)
    assert message.startswith(f"{state}: ")
    assert not re.search("Traceback|DataFusion error|Error during planning|a bug in DataFusion", message)
    assert standing.cache.status()["workers_lost"] == lost


def test_many_clients_ask_at_once_and_each_gets_its_own_answer(standing: Standing) -> None:
    def ask(number: int) -> bool:
        first = number % 40  # some ask the same at the same time
        return bool(standing.cache.value(f"SELECT count(*) FROM gold.orders WHERE order_id >= {first}") == 1000 - first)

    with ThreadPoolExecutor(12) as pool:
        assert all(pool.map(ask, range(200)))


def test_when_every_worker_is_busy_the_next_must_ask_again(cache: Cache, lake: Lake) -> None:
    lake.publish({"gold.orders": [orders(0, 10)]})
    cache.start(queue_seconds=0.3, query_cpu_seconds=PATIENCE_S)
    eventually(lambda: len(ready(cache)) == 2, what="the worker stands, and the one that stands by")
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(cache.rows, ENDLESS)
        worker = running(cache)
        with pytest.raises(flight.FlightUnavailableError, match="53300: all 1 workers were busy"):
            cache.rows(COUNT)
        os.kill(worker, signal.SIGKILL)
        with pytest.raises(pa.ArrowException):
            answer.result()
    assert cache.value(COUNT) == 10


def test_a_service_killed_at_work_leaves_no_worker_and_goes_on_from_its_disk(cache: Cache, lake: Lake) -> None:
    lake.publish({"gold.orders": [orders(0, 10)]})
    cache.start()
    assert cache.value(COUNT) == 10
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(cache.rows, ENDLESS)
        running(cache)
        workers = [worker["pid"] for worker in cache.status()["workers"]]
        cache.stop(signal.SIGKILL)
        with pytest.raises(flight.FlightError):
            answer.result()
    eventually(lambda: not any(alive(pid) for pid in workers), what="no worker is left")

    (cache.directory / "tables" / "half.arrow.0.tmp").write_bytes(b"half")
    (file,) = lake.files(lake.newest.id, "gold.orders") if lake.newest else []
    lake.lake.blob(file.path).delete()  # what is on disk is not fetched again
    cache.start()
    assert cache.value(COUNT) == 10
    assert not list((cache.directory / "tables").glob("*.tmp"))


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_service_that_is_stopped_ends_its_workers_and_itself_without_a_fault(
    cache: Cache, how: signal.Signals
) -> None:
    cache.start()
    eventually(lambda: len(ready(cache)) == 2, what="the workers stand")
    workers = ready(cache)
    assert cache.stop(how) == 0
    assert not any(alive(pid) for pid in workers)
    assert "Traceback" not in cache.log.read_text()


@pytest.mark.parametrize("missing", ["LAKE_BUCKET", None], ids=["a variable is missing", "the port is taken"])
def test_a_service_that_cannot_start_says_why(cache: Cache, missing: str | None) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", cache.port))
        taken.listen()
        environment = {name: value for name, value in cache.environment.items() if name != missing}
        environment["CACHE_DIRECTORY"] = str(cache.directory)
        command = [sys.executable, "-m", "cache_service", "--port", str(cache.port)]
        ended = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert ("LAKE_BUCKET: field required" if missing else f"cannot listen on 127.0.0.1:{cache.port}") in ended.stderr


def running(cache: Cache) -> int:
    """Process id of a worker that runs a statement, once there is one."""
    busy: list[int] = []

    def any_busy() -> bool:
        busy[:] = [worker["pid"] for worker in cache.status()["workers"] if worker["statement"]]
        return bool(busy)

    eventually(any_busy, what="a worker runs the statement")
    return busy[0]


def ready(cache: Cache) -> list[int]:
    """Process ids of the workers that can take a statement."""
    return [worker["pid"] for worker in cache.status()["workers"] if worker["ready"]]


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
