"""Airbyte's types as Bronze has them, and what becomes of values that do not fit."""

from datetime import UTC, date, datetime, time
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingestion.schema import Kind, Nulled, convert, kind_of

MOMENT = {"type": "string", "format": "date-time"}
LOCAL = {**MOMENT, "airbyte_type": "timestamp_without_timezone"}
AN_ARRAY = {"type": ["null", "array"], "items": {"type": "integer"}}
AN_OBJECT = {"type": "object", "properties": {"a": {"type": "integer"}, "b c": {"type": "string"}}}
A_UNION = {"oneOf": [{"type": "string"}, {"type": "integer"}]}


def converted(declared: Any, *json: str) -> tuple[list[Any], dict[int, Nulled]]:
    """A column of these JSON values, as a connector prints them, and the paths that were made NULL."""
    values = [msgspec.json.decode(one) for one in json]
    column, nulled = convert(kind_of(declared), values, "field", lambda: [one.encode() for one in json])
    return column.to_pylist(), nulled


def _alternative(kind: str, value: Any) -> dict[str, Any]:
    return {"type": kind, "string": None, "integer": None, kind: value}


@pytest.mark.parametrize(
    ("declared", "arrow"),
    [
        ({"type": ["null", "integer"]}, pa.int64()),
        ({"type": "number"}, pa.float64()),
        ({"type": "number", "airbyte_type": "integer"}, pa.int64()),
        ({"type": ["integer", "number"]}, pa.float64()),
        ({"type": "boolean"}, pa.bool_()),
        ({"type": "string"}, pa.string()),
        (MOMENT, pa.timestamp("us", "UTC")),
        (LOCAL, pa.timestamp("us", "UTC")),
        ({"type": "string", "format": "date"}, pa.date32()),
        ({"type": "string", "airbyte_type": "time_without_timezone"}, pa.time64("us")),
        ({"type": "object"}, pa.string()),
        ({"type": "array"}, pa.string()),
        ({}, pa.string()),
        (AN_ARRAY, pa.list_(pa.field("element", pa.int64()))),
        (AN_OBJECT, pa.struct([("a", pa.int64()), ("b_c", pa.string())])),
        (
            A_UNION,
            pa.struct(
                [pa.field("type", pa.string(), nullable=False), ("string", pa.string()), ("integer", pa.int64())]
            ),
        ),
    ],
)
def test_each_type_has_the_destinations_arrow_type(declared: dict[str, Any], arrow: pa.DataType) -> None:
    assert kind_of(declared).arrow == arrow


NULL = None, True  # the value, and whether it is told
TEXT, WHOLE, NUMBER = {"type": ["null", "string"]}, {"type": ["null", "integer"]}, {"type": ["null", "number"]}
DAY, CLOCK = {"type": "string", "format": "date"}, {"type": "string", "format": "time"}


@pytest.mark.parametrize(
    ("declared", "json", "expected"),
    [
        (WHOLE, "9223372036854775807", (2**63 - 1, False)),
        (WHOLE, "9223372036854775808", NULL),
        (WHOLE, "12345678901234567890123", NULL),
        (WHOLE, "9007199254740993.0", (9007199254740993, False)),
        (WHOLE, "1e3", (1000, False)),
        (WHOLE, '"1e99"', NULL),
        (WHOLE, "1.5", NULL),
        (WHOLE, "true", NULL),
        (WHOLE, '"0012"', (12, False)),
        (WHOLE, '"1_000"', NULL),
        (WHOLE, "{}", NULL),
        (NUMBER, "2.50", (2.5, False)),
        (NUMBER, '"3.5"', (3.5, False)),
        (NUMBER, '"1_000"', NULL),
        (NUMBER, '"nan"', NULL),
        (NUMBER, '"1e400"', NULL),
        (NUMBER, "true", NULL),
        ({"type": "boolean"}, '"False"', (False, False)),
        ({"type": "boolean"}, "1", NULL),
        (TEXT, "1.10", ("1.10", False)),
        (TEXT, "-0", ("-0", False)),
        (TEXT, "18446744073709551616", ("18446744073709551616", False)),
        (TEXT, '{"b":  2.0}', ('{"b":  2.0}', False)),
        (TEXT, '"a\\u0000b"', ("a\0b", False)),
        (
            {"type": "object"},
            '{"id": 184467440737095516150, "price": 10.10}',
            ('{"id": 184467440737095516150, "price": 10.10}', False),
        ),
        ({"type": "array"}, "[0.30000000000000004441]", ("[0.30000000000000004441]", False)),
        ({"$ref": "#/x"}, '{"a": 1.0}', ('{"a": 1.0}', False)),
        (True, '{"a": 1.0}', ('{"a": 1.0}', False)),
        (DAY, '"2024-02-29"', (date(2024, 2, 29), False)),
        (DAY, '"2026-03-09T23:30:00-05:00"', (date(2026, 3, 9), False)),
        (DAY, '"2023-02-29"', NULL),
        (DAY, "5", NULL),
        (MOMENT, '"0001-01-01T00:00:00Z"', (datetime(1, 1, 1, tzinfo=UTC), False)),
        (MOMENT, '"9999-12-31T23:59:59-05:00"', NULL),
        (MOMENT, "1774747800", NULL),
        (CLOCK, '"12:30:00"', (time(12, 30), False)),
        (CLOCK, '"10:00:00+02:00"', (time(8), False)),
        (CLOCK, '"25:00"', NULL),
        (AN_ARRAY, '[3, "y"]', ([3, None], True)),
        (AN_ARRAY, '"x"', NULL),
        (A_UNION, '"5"', (_alternative("string", "5"), False)),
        (A_UNION, "5", (_alternative("integer", 5), False)),
        (A_UNION, "1.5", NULL),
    ],
)
def test_a_value_is_held_as_the_connector_wrote_it_or_null_and_told(
    declared: Any, json: str, expected: tuple[Any, bool]
) -> None:
    values, nulled = converted(declared, json, "null")
    assert (values, 0 in nulled) == ([expected[0], None], expected[1])
    assert 1 not in nulled


def test_a_leaf_that_does_not_fit_is_nulled_alone_and_named_by_its_path() -> None:
    values, nulled = converted(AN_OBJECT, '{"a": "x", "b c": "kept", "undeclared": 1}')
    assert values == [{"a": None, "b_c": "kept"}]
    assert nulled == {0: ["field.a"]}


def test_timestamps_with_and_without_zone_are_read_alike_one_by_one_or_together() -> None:
    texts = ["2017-12-01T00:01:46", "2017-12-01T02:01:46+02:00", "2017-12-01T00:01:46.000Z"]
    at = datetime(2017, 12, 1, 0, 1, 46, tzinfo=UTC)
    for declared in (MOMENT, LOCAL):
        assert converted(declared, *map(quoted, texts))[0] == [at] * 3
        for text in texts:
            assert converted(declared, quoted(text), "null")[0] == [at, None]
    values, nulled = converted(MOMENT, quoted("2017-13-01T00:00:00"), quoted(texts[0]))
    assert (values, list(nulled)) == ([None, at], [0])


def quoted(text: str) -> str:
    return f'"{text}"'


ANYTHING = (
    st.none()
    | st.booleans()
    | st.integers(-(2**65), 2**65)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
)
SCALARS = [{"type": "integer"}, {"type": "number"}, {"type": "boolean"}, {"type": "string"}, MOMENT]


@given(st.sampled_from(SCALARS), st.lists(ANYTHING, min_size=1, max_size=6))
@example({"type": "string"}, [-(2**63) - 1])
def test_a_column_converted_whole_equals_its_values_converted_one_by_one(
    declared: dict[str, Any], values: list[Any]
) -> None:
    kind = kind_of(declared)
    exact = [msgspec.json.encode(value) for value in values]
    whole, changes = convert(kind, values, "f", lambda: list(exact))
    singly = [_single(kind, value) for value in exact]
    assert whole.equals(pa.array([value for value, _ in singly], kind.arrow))
    assert sorted(changes) == [row for row, (_, lost) in enumerate(singly) if lost]


def _single(kind: Kind, value: bytes) -> tuple[Any, bool]:
    nulled = Nulled()
    return nulled.fit(kind, value, "f"), bool(nulled)
