"""The name of a Bronze object: made and parsed by one grammar, and every other name is foreign."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biaac import bronze
from biaac.bronze import ObjectName
from biaac.connections import NAME

NAMES = st.from_regex(NAME, fullmatch=True)
STREAMS = st.one_of(NAMES, st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.isprintable))
EPOCHS = st.integers(10**9, 10**13 - 1)
COUNTERS = st.integers(0, 10**9 - 1)


@given(st.builds(ObjectName, NAMES, STREAMS, EPOCHS, COUNTERS, COUNTERS))
def test_a_name_that_is_made_is_parsed_to_its_parts(name: ObjectName) -> None:
    assert bronze.parse(str(name)) == name
    assert str(name).startswith(bronze.prefix(name.connection, name.stream, name.epoch_ms))
    assert bronze.prefix(name.connection, name.stream, name.epoch_ms).startswith(
        bronze.folder(name.connection, name.stream)
    )


@given(st.text(max_size=1024))
def test_any_other_name_is_foreign_and_no_error(text: str) -> None:
    assert bronze.parse(text) is None
    assert bronze.parse(f"../shop/{text}/2026_11_24_1795474109913_0.parquet") is None


@pytest.mark.parametrize(
    ("name", "stream", "part", "copy"),
    [
        ("shop/orders/2026_11_24_1795474109913_0.parquet", "orders", 0, 0),
        ("shop/orders/2026_11_24_1795474109913_12.parquet", "orders", 12, 0),
        ("shop/orders/2026_11_24_1795474109913_0.parquet-1", "orders", 0, 1),
        ("shop/till/day/2026_11_24_1795474109913_0.parquet", "till/day", 0, 0),
        ("shop/Ação (old)/2026_11_24_1795474109913_0.parquet", "Ação (old)", 0, 0),
    ],
)
def test_airbytes_names_are_parsed(name: str, stream: str, part: int, copy: int) -> None:
    parsed = bronze.parse(name)
    assert parsed == ObjectName("shop", stream, 1795474109913, part, copy)
    assert parsed.started_at == datetime(2026, 11, 23, 22, 48, 29, 913000, UTC)


@pytest.mark.parametrize(
    "name",
    [
        "shop/orders/backfill.parquet",
        "shop/orders/2026_11_24_1795474109913_0.parquet.tmp",
        "shop/orders/2026_11_24_1795474109913_0.parquet-",
        "shop/orders/2026_11_24_999999999999999_0.parquet",
        "shop/2026_11_24_1795474109913_0.parquet",
        "Shop/orders/2026_11_24_1795474109913_0.parquet",
        "shop/orders/2026_11_24_١٧٩٥٤٧٤١٠٩٩١٣_0.parquet",
    ],
)
def test_names_that_are_nearly_right_are_foreign(name: str) -> None:
    assert bronze.parse(name) is None
