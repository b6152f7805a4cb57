"""Unmodified clients over Flight SQL: ADBC, pandas, pyarrow alone, and the command line."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import adbc_driver_manager
import pyarrow as pa
import pytest
from pyarrow import flight, parquet

from biaac.flight import pack
from tests.component.cache.conftest import Standing
from tests.component.cache.service import ADBC_RELEASE, PATIENCE_S, eventually

COUNT = "SELECT count(*) FROM gold.orders"
ENDLESS = "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT sum(n) FROM r"


def test_adbc_executes_and_fetches_arrow(standing: Standing) -> None:
    with standing.cache.adbc() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT channel, count(*) AS lines FROM gold.orders GROUP BY 1 ORDER BY 1")
        table = cursor.fetch_arrow_table()
    assert (table.schema.names, table.schema.types) == (["channel", "lines"], [pa.string(), pa.int64()])
    assert table.to_pylist()[0] == {"channel": "Balcão ☎", "lines": 250}


def test_adbc_binds_parameters_as_values(standing: Standing) -> None:
    with standing.cache.adbc() as connection, connection.cursor() as cursor:
        cursor.execute(f"{COUNT} WHERE channel = $1 AND order_id < $2", ("SHOP", 100))
        assert cursor.fetchall() == [(25,)]
        cursor.execute(f"{COUNT} WHERE channel = $1", ("' OR 1 = 1 --",))
        assert cursor.fetchall() == [(0,)]
        cursor.execute("SELECT $1 AS whatever", (1.5,))
        assert cursor.fetchall() == [(1.5,)]


def test_one_prepared_statement_takes_one_row_after_another(standing: Standing) -> None:
    with standing.cache.adbc() as connection, connection.cursor() as cursor:
        statement = cursor.adbc_statement
        statement.set_sql_query(f"{COUNT} WHERE channel = $1")
        statement.prepare()
        for channel, lines in (("SHOP", 250), ("WEB", 250), ("NONE", 0)):
            batch = pa.record_batch({"channel": [channel]})
            statement.bind(*_exported(batch))
            stream, _ = statement.execute_query()
            assert pa.RecordBatchReader._import_from_c(stream.address).read_all()[0].to_pylist() == [lines]


def test_adbc_reads_the_catalogue(standing: Standing) -> None:
    with standing.cache.adbc() as connection:
        (catalog,) = connection.adbc_get_objects(depth="all").read_all().to_pylist()
        schemas = {schema["db_schema_name"]: schema["db_schema_tables"] for schema in catalog["catalog_db_schemas"]}
        tables = {table["table_name"]: table for table in schemas["gold"]}
        assert set(schemas) == {"gold", "biaac"}
        assert set(tables) == {"orders", "products", "empty"}
        assert [column["column_name"] for column in tables["products"]["table_columns"]] == [
            "product_id",
            "name",
            "tags",
        ]
        assert connection.adbc_get_table_types() == ["TABLE"]
        assert connection.adbc_get_info()["vendor_name"] == "biaac cache service"
        schema = connection.adbc_get_table_schema("products", db_schema_filter="gold")
        assert schema == pa.schema({"product_id": pa.int64(), "name": pa.string(), "tags": pa.string()})


def test_adbc_describes_a_statement_without_running_it(standing: Standing) -> None:
    with standing.cache.adbc() as connection, connection.cursor() as cursor:
        schema = cursor.adbc_execute_schema("SELECT amount, 1 / 0 AS never FROM gold.orders")
    assert (schema.names, schema.types) == (["amount", "never"], [pa.decimal128(18, 2), pa.float64()])


def test_pyarrow_asks_in_two_calls_and_for_the_columns_alone(standing: Standing) -> None:
    descriptor = flight.FlightDescriptor.for_command(pack("CommandStatementQuery", (1, COUNT)))
    with flight.connect(standing.cache.url) as client:
        info = client.get_flight_info(descriptor)
        assert client.get_schema(descriptor).schema == info.schema
        table = client.do_get(info.endpoints[0].ticket).read_all()
    assert table.schema == info.schema
    assert table[0].to_pylist() == [1000]


def test_a_session_pins_a_release_by_header(standing: Standing) -> None:
    with standing.cache.adbc(**{ADBC_RELEASE: standing.release}) as connection, connection.cursor() as cursor:
        cursor.execute(COUNT)
        assert cursor.fetchall() == [(1000,)]
    with (
        standing.cache.adbc(**{ADBC_RELEASE: "../../locks"}) as connection,
        connection.cursor() as cursor,
        pytest.raises(adbc_driver_manager.Error, match=r"3D000: '\.\./\.\./locks' is no release id"),
    ):
        cursor.execute(COUNT)


@pytest.mark.parametrize("mark", ["?", "$1"])
def test_both_marks_bind_and_numbers_of_parameters_are_checked(standing: Standing, mark: str) -> None:
    with standing.cache.adbc() as connection, connection.cursor() as cursor:
        cursor.execute(f"{COUNT} WHERE channel = {mark}", ("SHOP",))
        assert cursor.fetchall() == [(250,)]
        with pytest.raises(adbc_driver_manager.ProgrammingError, match="22023: the statement takes 1 parameters, 2"):
            cursor.execute(f"{COUNT} WHERE channel = {mark}", ("SHOP", 1))


@pytest.mark.parametrize(
    ("sql", "kind", "state"),
    [
        ("SELECT nope FROM gold.orders", adbc_driver_manager.ProgrammingError, "42703"),
        ("SELECT FROM WHERE", adbc_driver_manager.ProgrammingError, "42601"),
        ("SELECT to_char(ordered_at, 'x') FROM gold.orders", adbc_driver_manager.NotSupportedError, "0A000"),
    ],
)
def test_a_driver_raises_the_class_of_the_error(
    standing: Standing, sql: str, kind: type[Exception], state: str
) -> None:
    with standing.cache.adbc() as connection, connection.cursor() as cursor, pytest.raises(kind, match=state):
        cursor.execute(sql)


@pytest.mark.parametrize("how", ["cancel", "go away"])
def test_a_statement_that_nobody_waits_for_ends(standing: Standing, how: str) -> None:
    cache, endless = standing.cache, f"{ENDLESS} -- {how}"

    def runs() -> bool:
        return any(worker["statement"] == endless for worker in cache.status()["workers"])

    with cache.adbc() as connection, connection.cursor() as cursor, ThreadPoolExecutor(1) as pool:
        if how == "cancel":
            answer = pool.submit(lambda: (cursor.execute(endless), cursor.fetchall()))
            eventually(runs, what="it runs")
            cursor.adbc_cancel()
            with pytest.raises(adbc_driver_manager.Error, match="ancel"):
                answer.result()
        else:
            ticket = flight.Ticket(pack("CommandStatementQuery", (1, endless)))
            with flight.connect(cache.url) as client, pytest.raises(flight.FlightTimedOutError):
                client.do_get(ticket, flight.FlightCallOptions(timeout=1)).read_all()
            outcomes = f"SELECT outcome FROM biaac.queries WHERE statement LIKE '% -- {how}'"
            eventually(lambda: cache.rows(outcomes) == [{"outcome": "57014"}], what="its end is recorded")
        eventually(lambda: not runs(), what="it has ended")
    assert cache.value(COUNT) == 1000


def test_wide_rows_come_in_messages_that_a_stock_client_takes(standing: Standing) -> None:
    seven = "(VALUES (1), (2), (3), (4), (5), (6), (7)) AS seven(n)"
    wide = f"SELECT concat(order_id, '{'x' * 3000}') AS note FROM gold.orders, {seven}"
    with standing.cache.adbc() as connection, connection.cursor() as cursor:
        cursor.execute(wide)
        assert cursor.fetch_arrow_table().num_rows == 7000


def test_columns_are_described_in_information_schema_and_in_the_metadata(standing: Standing) -> None:
    rows = standing.cache.rows("SELECT table_name FROM information_schema.tables ORDER BY 1")
    assert [row["table_name"] for row in rows] == ["empty", "orders", "products"]
    of_products = "FROM information_schema.columns WHERE table_name = 'products' ORDER BY ordinal_position"
    columns = f"SELECT column_name, data_type {of_products}"
    assert [tuple(row.values()) for row in standing.cache.rows(columns)] == [
        ("product_id", "BIGINT"),
        ("name", "VARCHAR"),
        ("tags", "JSON"),
    ]
    with standing.cache.adbc() as connection:
        schema = connection.adbc_get_table_schema("products", db_schema_filter="gold")
    assert schema.field("name").metadata == {b"ARROW:FLIGHT:SQL:REMARKS": b"About name."}


def test_what_flight_sql_does_not_use_is_refused_without_a_traceback(standing: Standing) -> None:
    path = flight.FlightDescriptor.for_path("sales")
    with flight.connect(standing.cache.url) as client:
        calls = [
            partial(next, iter(client.list_flights())),
            partial(client.get_flight_info, path),
            client.do_exchange(path)[1].read_chunk,
            partial(next, client.do_action(("warm", b'{"environment": 1, "release": 2}'))),
        ]
        for call in calls:
            with pytest.raises(pa.ArrowException, match=r"0A000|08P01") as error:
                call()
            assert "Traceback" not in str(error.value)


def test_bytes_that_are_no_message_are_refused(standing: Standing) -> None:
    with flight.connect(standing.cache.url) as client:
        for ticket in (b"", b"\xff" * 50, pack("TicketStatementQuery", (1, b"x"))):
            with pytest.raises(pa.ArrowException, match="08P01: "):
                client.do_get(flight.Ticket(ticket)).read_all()
        with pytest.raises(pa.ArrowException, match="0A000: CommandStatementSubstraitPlan is not supported"):
            client.do_get(flight.Ticket(pack("CommandStatementSubstraitPlan"))).read_all()
        with pytest.raises(pa.ArrowException, match="0A000: action Reboot is not supported"):
            list(client.do_action("Reboot"))


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        (["SELECT 1 AS a, 'x' AS b", "--format", "csv"], '"a","b"\n1,"x"\n'),
        (["SELECT DATE '2017-01-02' AS day", "--format", "json"], '[\n {\n  "day": "2017-01-02"\n }\n]\n'),
    ],
)
def test_the_command_writes_what_scripts_read(standing: Standing, arguments: list[str], output: str) -> None:
    done = _command(standing, *arguments)
    assert (done.stdout.decode(), done.returncode) == (output, 0)


def test_the_command_shows_a_table_to_people_and_writes_files_of_every_row(standing: Standing, tmp_path: Path) -> None:
    table = _command(standing, "SELECT sum(amount) AS amount FROM gold.orders").stdout.decode()
    assert "amount" in table
    assert "664,315.00" in table
    files = ["--parquet", str(tmp_path / "n.parquet"), "--csv", str(tmp_path / "n.csv")]
    assert b"1 rows in" in _command(standing, COUNT, *files, "--release", standing.release).stdout
    assert parquet.read_table(tmp_path / "n.parquet")[0].to_pylist() == [1000]
    assert (tmp_path / "n.csv").read_text().splitlines()[1] == "1000"
    assert _command(standing, COUNT, "--csv", "/nowhere/n.csv").stderr.startswith(b"the rows cannot be written")


def test_the_command_fails_with_the_services_words(standing: Standing) -> None:
    done = _command(standing, "SELECT nope FROM gold.empty")
    assert done.returncode == 1
    assert done.stderr.decode().startswith("42703: ")
    assert "Traceback" not in done.stderr.decode()


def test_the_systems_tables_show_what_is_published(standing: Standing) -> None:
    cache = standing.cache
    assert cache.rows("SELECT release, is_current, is_held FROM biaac.releases") == [
        {"release": standing.release, "is_current": True, "is_held": False}
    ]
    assert cache.rows("SELECT table_name, rows, files FROM biaac.tables ORDER BY 1") == [
        {"table_name": "empty", "rows": 0, "files": 0},
        {"table_name": "orders", "rows": 1000, "files": 2},
        {"table_name": "products", "rows": 6, "files": 1},
    ]
    (column,) = cache.rows("SELECT * FROM biaac.columns WHERE table_name = 'orders' AND in_grain")
    assert (column["column_name"], column["type"], column["description"]) == ("order_id", "BIGINT", "About order_id.")
    assert cache.value("SELECT outcome FROM biaac.audits") == "passed"
    assert cache.value("SELECT label FROM biaac.metrics") == json.dumps({"en": "Amount", "pt": "Valor"})
    assert cache.value("SELECT count(*) FROM biaac.freshness WHERE data_as_of = TIMESTAMP '2026-11-24 12:00:00'") == 1


def test_recent_queries_are_a_table(standing: Standing) -> None:
    statement = "SELECT count(*) AS lines FROM gold.products"
    standing.cache.rows(statement)
    standing.cache.rows(statement)
    rows = standing.cache.rows(f"SELECT cache, rows FROM biaac.queries WHERE statement = '{statement}' ORDER BY 1")
    assert rows == [{"cache": "hit", "rows": 1}, {"cache": "miss", "rows": 1}]


def _command(standing: Standing, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    others = dict.fromkeys(("AIRBYTE_URL", "SYNC_URL", "SWEEP_URL", "SUPERSET_URL"), "http://127.0.0.1:1")
    environment = {**standing.cache.environment, **others, "CACHE_URL": standing.cache.url, "PATH": ""}
    return subprocess.run(
        [sys.executable, "-m", "cli", "query", *arguments],
        env=environment,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )


def _exported(batch: pa.RecordBatch) -> tuple[object, object]:
    schema, array = batch.__arrow_c_array__()
    return array, schema
