"""Files of a release: the same rows give the same bytes, and a file holds the rows that the lake has, or is refused."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biaac.errors import PermanentError
from biaac.releases import DataFile
from transform import publish
from transform.build import GoldTable, ModelsRefused

ROWS = 200_000  # two row groups, so that threads have something to share

TABLE = GoldTable(
    name="gold.numbers",
    relation="numbers",
    description="Numbers.",
    owner="retail-data@example.com",
    grain=["number"],
    column_descriptions={"number": "A number.", "amount": "An amount.", "month": "Its month."},
    partitioned_by="month",
)


def written(connection: duckdb.DuckDBPyConnection, folder: Path, table: GoldTable = TABLE) -> dict[Path, DataFile]:
    columns = publish._columns(connection, table)
    partitions = enumerate(publish._partitions(connection, table, columns))
    paths = {folder / f"{number}.parquet": rows for number, rows in partitions}
    return {path: publish._write(connection, table, columns, rows, path) for path, rows in paths.items()}


def numbers(*, order: str, threads: int) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": threads})
    connection.execute(
        "CREATE TABLE numbers AS SELECT range AS number, (range / 100)::DECIMAL(18, 2) AS amount,"
        f" DATE '2017-01-01' + INTERVAL (range % 2) MONTH AS month FROM range({ROWS}) ORDER BY {order}"
    )
    return connection


def test_order_of_rows_and_threads_change_neither_bytes_nor_fingerprint(tmp_path: Path) -> None:
    one = list(written(numbers(order="number", threads=1), tmp_path).values())
    other = list(written(numbers(order="hash(number)", threads=3), tmp_path).values())
    assert one == other and len(one) == 2 and one[0].digest != one[1].digest


def test_a_column_without_a_comment_is_refused() -> None:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE numbers (number INTEGER, extra INTEGER)")
    with pytest.raises(PermanentError, match=r"gold\.numbers: no comment on extra"):
        publish._manifest(TABLE, publish._columns(connection, TABLE), [])


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "VARCHAR": st.text() | st.sampled_from(["", "all", "None", "O'Hara", "a/b", "../..", "%", '"', "x" * 5_000]),
    "DATE": st.dates(date(1, 1, 1)),
    "TIMESTAMP": st.datetimes(datetime(1, 1, 1)),
    "BIGINT": st.integers(-(2**63), 2**63 - 1),
    "DECIMAL(38, 3)": st.decimals(-(10**34), 10**34, places=3),
    "DOUBLE": st.floats(allow_infinity=False, allow_nan=False),
    "BOOLEAN": st.booleans(),
}


@pytest.mark.parametrize("kind", VALUES)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_a_partition_may_have_any_value_and_rows_of_null_are_one(kind: str, data: st.DataObject) -> None:
    rows = data.draw(st.lists(VALUES[kind] | st.none(), min_size=1, max_size=8))
    with duckdb.connect() as connection, TemporaryDirectory() as folder:
        connection.execute(f"CREATE TABLE numbers (number INTEGER, amount INTEGER, month {kind})")
        connection.executemany("INSERT INTO numbers VALUES (?, 1, ?)", list(enumerate(rows)))
        values = [row[0] for row in connection.execute("SELECT month FROM numbers ORDER BY number").fetchall()]
        files = {path: pq.read_table(path) for path in written(connection, Path(folder))}
        for table in files.values():
            assert len({values[number] for number in table["number"].to_pylist()}) == 1, "a file has one partition"
        assert sorted(number for table in files.values() for number in table["number"].to_pylist()) == [
            *range(len(rows))
        ]
        assert len(files) == len(set(values))


def test_values_that_are_equal_but_for_their_text_are_one_partition(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE numbers AS SELECT 1 AS number, 1 AS amount, -0.0::DOUBLE AS month")
        connection.execute("INSERT INTO numbers VALUES (2, 1, 0.0)")
        assert [file.rows for file in written(connection, tmp_path).values()] == [2]


# A view that answers otherwise when its file is written stands for every way in which a file may differ from the lake.
WRITING = "(NEXTVAL('asked') - 1) // 2 % 2 = 1"


@pytest.mark.parametrize(
    ("select", "difference"),
    [
        (f"2 AS amount FROM RANGE(2) WHERE NOT {WRITING}", "0 rows instead of 2"),
        (
            f"CASE WHEN NOT {WRITING} THEN 2 END AS amount FROM RANGE(2)",
            "column amount (INTEGER) has 2 NULLs instead of 0",
        ),
        (f"CASE WHEN {WRITING} THEN 1 ELSE 2 END AS amount FROM RANGE(2)", "column amount (INTEGER) has other values"),
        ("INTERVAL '3 microseconds' AS amount FROM RANGE(2)", "column amount (INTERVAL) has other values"),
    ],
)
def test_a_file_that_does_not_hold_what_the_lake_has_is_named(tmp_path: Path, select: str, difference: str) -> None:
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("CREATE SEQUENCE asked")
        connection.execute(f"CREATE VIEW numbers AS SELECT range AS number, {select}")
        with pytest.raises(RuntimeError, match=r"gold\.numbers: the file does not hold what the lake has") as raised:
            written(connection, tmp_path, replace(TABLE, partitioned_by=None))
    assert difference in str(raised.value)


def test_names_of_columns_may_have_quotes(tmp_path: Path) -> None:
    table = replace(TABLE, grain=['a "number"'], partitioned_by='the "month"')
    with duckdb.connect() as connection:
        connection.execute('CREATE TABLE numbers AS SELECT 1 AS "a ""number""", DATE \'2026-01-01\' AS "the ""month"""')
        (file,) = written(connection, tmp_path, table).values()
    assert (file.rows, file.partition) == (1, "2026-01-01")


@pytest.mark.parametrize(
    ("select", "error", "hint"),
    [
        ("SUM(1)", r"gold\.numbers\.amount: a Gold column cannot be HUGEINT", "DECIMAL(38, 0)"),
        ("{'city': 'Lyon'}", r"gold\.numbers\.amount: a Gold column cannot be STRUCT", "a column for each field"),
        ("'infinity'::DATE", r"gold\.numbers\.amount: 1 rows that no reader can show", "WHERE NOT isfinite"),
        ("DATE '10000-01-01'", r"gold\.numbers\.amount: 1 rows that no reader can show", "NOT BETWEEN 1 AND 9999"),
    ],
)
def test_a_column_that_does_not_reach_every_reader_is_refused_with_what_to_write(
    select: str, error: str, hint: str
) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW numbers AS SELECT {select} AS amount")
        with pytest.raises(ModelsRefused, match=error) as raised:
            publish._valid_columns(connection, TABLE)
    assert hint in str(raised.value)
