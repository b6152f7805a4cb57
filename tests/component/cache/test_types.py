"""docs/reference/types.md: each type is carried from DuckDB's Parquet to CSV, or refused with what to write instead."""

import io
import os
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from pyarrow import csv

from biaac import types
from biaac.errors import PermanentError
from biaac.settings import ROOT
from cache_service.wire import from_stream
from tests.component.cache.test_answers import Engines

PAGE = ROOT / "docs/reference/types.md"
HEAD = """# Types of a Gold column

A table for each kind, made by `tests/component/cache/test_types.py`: `BIAAC_WRITE=1` writes it again.
A date or time lies in the years 1 to 9999, and a DOUBLE is finite: other values are refused when a release is built.

| DuckDB | Arrow | for example | in CSV |
|---|---|---|---|
"""
REFUSED = "\n## Refused when the model is built\n\n| DuckDB | write instead |\n|---|---|\n"
CARRIED = {
    "true::BOOLEAN": True,
    "(-128)::TINYINT": -128,
    "32767::SMALLINT": 32767,
    "2147483647::INTEGER": 2147483647,
    "9223372036854775807::BIGINT": 9223372036854775807,
    "0.1::DOUBLE": 0.1,
    "12345678901234567890123456789012345.678::DECIMAL(38, 3)": Decimal("12345678901234567890123456789012345.678"),
    "'ünïx 日本'::VARCHAR": "ünïx 日本",
    """'{"a": [1]}'::JSON""": '{"a": [1]}',
    "DATE '9999-12-31'": date(9999, 12, 31),
    "TIME '23:59:59.5'": time(23, 59, 59, 500000),
    "TIMESTAMP '0001-01-01 00:00:00.000001'": datetime(1, 1, 1, 0, 0, 0, 1),
    "TIMESTAMP_S '2026-03-29 01:30:01'": datetime(2026, 3, 29, 1, 30, 1),
    "TIMESTAMP_MS '2026-03-29 01:30:01.5'": datetime(2026, 3, 29, 1, 30, 1, 500000),
    "TIMESTAMPTZ '2026-03-29 01:30:00+01:00'": datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
}
NOT_CARRIED = (
    "1::HUGEINT|1::UHUGEINT|1::UTINYINT|1::UINTEGER|1::UBIGINT|1::FLOAT|uuid()|'x'::ENUM('x', 'y')|INTERVAL 1 DAY"
    "|{'city': 'Lyon'}|MAP {'a': 1}|[1]|'ab'::BLOB|'101'::BIT|TIMETZ '10:00:00+02'|TIMESTAMP_NS '2026-03-29 01:30:01'"
)


def test_the_page_of_types_is_what_is_carried_and_what_is_refused(tmp_path: Path) -> None:
    columns = [f"{text} AS c{place}" for place, text in enumerate(CARRIED)]
    engines = Engines(tmp_path, {"gold.t": f"SELECT {', '.join(columns)}"})
    answer = from_stream(engines.worker.answer("SELECT * FROM gold.t")[1])
    assert [column[0].as_py() for column in answer.columns] == list(CARRIED.values())
    written = io.BytesIO()
    csv.write_csv(answer, written, csv.WriteOptions(include_header=False, delimiter="\t", quoting_style="needed"))
    texts = written.getvalue().decode().rstrip("\n").split("\t")
    page = HEAD
    for text, kind, shown in zip(CARRIED, answer.schema.types, texts, strict=True):
        page += f"| {duckdb.sql(f'SELECT {text}').types[0]} | {kind} | `{text}` | {shown} |\n"
    page += REFUSED
    for text in NOT_CARRIED.split("|"):
        name = str(duckdb.sql(f"SELECT {text}").types[0])
        with pytest.raises(PermanentError, match=r"gold\.t\.v: a Gold column cannot be"):
            types.check_columns("gold.t", {"v": name})
        page += f"| {name} | `{types.instead(name)}` |\n"
    if os.environ.get("BIAAC_WRITE"):
        PAGE.write_text(page, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page


@pytest.mark.parametrize(
    ("kind", "fine", "outside"),
    [
        ("DATE", ["DATE '0001-01-01'", "DATE '9999-12-31'", "NULL"], ["'infinity'::DATE", "DATE '10000-01-01'"]),
        (
            "TIMESTAMP",
            ["TIMESTAMP '9999-12-31 23:59:59.999999'"],
            ["'-infinity'::TIMESTAMP", "TIMESTAMP '0044-03-15 (BC) 00:00:00'"],
        ),
        ("DOUBLE", ["1e308::DOUBLE", "NULL"], ["'NaN'::DOUBLE", "'inf'::DOUBLE"]),
    ],
)
def test_values_that_nobody_can_show_are_outside(kind: str, fine: list[str], outside: list[str]) -> None:
    condition = types.outside("v", kind)
    values = " UNION ALL ".join(f"SELECT ({text})::{kind} AS v, {text in outside} AS bad" for text in [*fine, *outside])
    assert duckdb.sql(f"SELECT count(*) FROM ({values}) WHERE coalesce({condition}, false) <> bad").fetchall() == [(0,)]
