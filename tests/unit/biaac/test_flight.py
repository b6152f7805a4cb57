"""The hand-written codec of Flight SQL's messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biaac.flight import PREFIX, Malformed, encode, pack, unpack

FIELDS = st.lists(
    st.tuples(st.integers(1, 2**20), st.one_of(st.binary(), st.text(), st.integers(0, 2**64 - 1))), max_size=8
)


@given(FIELDS)
def test_what_is_packed_is_unpacked(fields: list[tuple[int, str | bytes | int]]) -> None:
    message = unpack(pack("CommandGetTables", *fields))
    expected: dict[int, list[int | bytes]] = {}
    for number, value in fields:
        expected.setdefault(number, []).append(value.encode() if isinstance(value, str) else value)
    assert message.name == "CommandGetTables"
    assert message.fields == expected


@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused_and_nothing_worse(data: bytes) -> None:
    with pytest.raises(Malformed):
        unpack(data)


@given(FIELDS, st.data())
def test_a_message_cut_short_is_never_read_as_a_longer_one(
    fields: list[tuple[int, str | bytes | int]], data: st.DataObject
) -> None:
    whole = pack("CommandGetTables", *fields)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    try:
        message = unpack(cut)
    except Malformed:
        return
    assert len(encode((1, PREFIX + message.name))) <= len(cut)


def test_a_statement_is_encoded_as_the_specification_says() -> None:
    # type_url = 1, value = 2 of google.protobuf.Any; query = 1 of CommandStatementQuery
    url = b"type.googleapis.com/arrow.flight.protocol.sql.CommandStatementQuery"
    assert pack("CommandStatementQuery", (1, "SELECT 1")) == b"\x0a\x43" + url + b"\x12\x0a\x0a\x08SELECT 1"


def test_numbers_are_read_packed_and_unpacked() -> None:
    packed = unpack(pack("CommandGetSqlInfo", (1, b"\x00\x08\xf8\x03"), (1, 3)))
    assert packed.numbers(1) == [0, 8, 504, 3]
