"""The name of a Bronze object: made and parsed by one grammar, and every other name is foreign."""

from datetime import UTC, datetime
from random import Random

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


FIELDS = st.lists(
    st.text(st.sampled_from("aAbé _-1."), max_size=4) | st.sampled_from(["load_id", "_airbyte_meta"]), unique=True
)


@given(FIELDS, st.randoms())
def test_no_two_fields_share_a_column_and_the_order_of_fields_does_not_count(fields: list[str], chance: Random) -> None:
    columns = bronze.columns(fields)
    assert list(columns) == fields
    assert len({column.lower() for column in columns.values()}) == len(fields)
    chance.shuffle(fields)
    assert bronze.columns(fields) == columns


@pytest.mark.parametrize(
    ("fields", "columns", "renamed"),
    [
        (["prénom", "2nd", "a-b c"], ["prenom", "_2nd", "a_b_c"], {}),
        (["ID", "id"], ["ID_2", "id"], {"ID": "ID_2"}),
        (["A b", "a_b", "A_b"], ["A_b_3", "a_b", "A_b_2"], {"A b": "A_b_3", "A_b": "A_b_2"}),
        (
            ["_airbyte_raw_id", "_AIRBYTE_meta", "load_id"],
            ["source_airbyte_raw_id", "source_AIRBYTE_meta", "source_load_id"],
            {
                "_airbyte_raw_id": "source_airbyte_raw_id",
                "_AIRBYTE_meta": "source_AIRBYTE_meta",
                "load_id": "source_load_id",
            },
        ),
    ],
)
def test_columns_are_safe_names_and_reserved_or_taken_ones_are_renamed(
    fields: list[str], columns: list[str], renamed: dict[str, str]
) -> None:
    assert list(bronze.columns(fields).values()) == columns
    assert bronze.renamed(bronze.columns(fields)) == renamed
