"""Files of a release: the same rows give the same bytes, whatever their order and however many threads write them."""

from pathlib import Path

import duckdb
import pytest

from biaac.errors import PermanentError
from transform import publish
from transform.build import GoldTable

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


def files(folder: Path, *, order: str, threads: int) -> list[tuple[str, str | None, int]]:
    connection = duckdb.connect(config={"threads": threads})
    connection.execute(
        "CREATE TABLE numbers AS SELECT range AS number, (range / 100)::DECIMAL(18, 2) AS amount,"
        f" DATE '2017-01-01' + INTERVAL (range % 2) MONTH AS month FROM range({ROWS}) ORDER BY {order}"
    )
    columns = publish._columns(connection, TABLE)
    written = [
        publish._write(connection, TABLE, rows, folder)[0] for rows in publish._partitions(connection, TABLE, columns)
    ]
    return [(file.digest, file.fingerprint, file.rows) for file in written]


def test_order_of_rows_and_threads_change_neither_bytes_nor_fingerprint(tmp_path: Path) -> None:
    one = files(tmp_path, order="number", threads=1)
    other = files(tmp_path, order="hash(number)", threads=3)
    assert one == other and len(one) == 2 and one[0][0] != one[1][0]


def test_a_column_without_a_comment_is_refused() -> None:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE numbers (number INTEGER, extra INTEGER)")
    with pytest.raises(PermanentError, match=r"gold\.numbers: no comment on extra"):
        publish._manifest(TABLE, publish._columns(connection, TABLE), [])
