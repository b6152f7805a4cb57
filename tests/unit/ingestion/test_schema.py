"""Airbyte's types as Bronze has them, and what becomes of values that do not fit."""

from datetime import UTC, date, datetime, time
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingestion.schema import Kind, Nulled, column_name, convert, kind_of

MOMENT = {"type": "string", "format": "date-time"}
LOCAL = {**MOMENT, "airbyte_type": "timestamp_without_timezone"}
AN_ARRAY = {"type": ["null", "array"], "items": {"type": "integer"}}
AN_OBJECT = {"type": "object", "properties": {"a": {"type": "integer"}, "b c": {"type": "string"}}}
A_UNION = {"oneOf": [{"type": "string"}, {"type": "integer"}]}


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


@pytest.mark.parametrize(
    ("declared", "values", "expected", "nulled"),
    [
        ({"type": "integer"}, [1, None, 2.0, "3"], [1, None, 2, 3], []),
        ({"type": "integer"}, [1.5, True, "x", 2**63, 1e30, {}], [None] * 6, [0, 1, 2, 3, 4, 5]),
        ({"type": "number"}, [1, 2.5, "3.5", True, "x"], [1.0, 2.5, 3.5, None, None], [3, 4]),
        ({"type": "number"}, [2**60 + 1], [float(2**60)], []),
        ({"type": "boolean"}, [True, "false", 1, "no"], [True, False, None, None], [2, 3]),
        ({"type": "string"}, ["a", 1, {"b": 2}], ["a", "1", '{"b":2}'], []),
        ({"type": "object"}, [{"a": 1}, [1]], ['{"a":1}', "[1]"], []),
        (
            {"type": "string", "format": "date"},
            ["2024-02-29", "2023-02-29", 5],
            [date(2024, 2, 29), None, None],
            [1, 2],
        ),
        ({"type": "string", "format": "time"}, ["12:30:00", "25:00"], [time(12, 30), None], [1]),
        (AN_ARRAY, [[1, 2], "x", [3, "y"]], [[1, 2], None, [3, None]], [1, 2]),
        (A_UNION, ["a", 5, 1.5], [_alternative("string", "a"), _alternative("integer", 5), None], [2]),
    ],
)
def test_a_value_that_does_not_fit_is_null_and_its_row_named(
    declared: dict[str, Any], values: list[Any], expected: list[Any], nulled: list[int]
) -> None:
    column, changes = convert(kind_of(declared), values, "field")
    assert column.to_pylist() == expected
    assert sorted(changes) == nulled


def test_a_leaf_that_does_not_fit_is_nulled_alone_and_named_by_its_path() -> None:
    column, changes = convert(kind_of(AN_OBJECT), [{"a": "x", "b c": "kept", "undeclared": 1}], "thing")
    assert column.to_pylist() == [{"a": None, "b_c": "kept"}]
    assert changes == {0: ["thing.a"]}


def test_timestamps_with_and_without_zone_are_read_alike_one_by_one_or_together() -> None:
    texts = ["2017-12-01T00:01:46", "2017-12-01T02:01:46+02:00", "2017-12-01T00:01:46.000Z"]
    at = datetime(2017, 12, 1, 0, 1, 46, tzinfo=UTC)
    for declared in (MOMENT, LOCAL):
        assert convert(kind_of(declared), texts, "t")[0].to_pylist() == [at] * 3
        for text in texts:
            assert convert(kind_of(declared), [text, None], "t")[0].to_pylist() == [at, None]
    column, changes = convert(kind_of(MOMENT), ["2017-13-01T00:00:00", texts[0]], "t")
    assert (column.to_pylist(), list(changes)) == ([None, at], [0])


ANYTHING = st.none() | st.booleans() | st.integers(-(2**65), 2**65) | st.floats(allow_nan=False) | st.text(max_size=5)
SCALARS = [{"type": "integer"}, {"type": "number"}, {"type": "boolean"}, {"type": "string"}, MOMENT]


@given(st.sampled_from(SCALARS), st.lists(ANYTHING, min_size=1, max_size=6))
@example({"type": "string"}, [-(2**63) - 1])
def test_a_column_converted_whole_equals_its_values_converted_one_by_one(
    declared: dict[str, Any], values: list[Any]
) -> None:
    kind = kind_of(declared)
    whole, changes = convert(kind, values, "f")
    singly = [_single(kind, value) for value in values]
    assert whole.equals(pa.array([value for value, _ in singly], kind.arrow))
    assert sorted(changes) == [row for row, (_, lost) in enumerate(singly) if lost]


def _single(kind: Kind, value: Any) -> tuple[Any, bool]:
    nulled = Nulled()
    return nulled.fit(kind, value, "f"), bool(nulled)


def test_names_are_made_safe_as_the_destination_does() -> None:
    assert column_name("prénom") == "prenom"
    assert column_name("2nd") == "_2nd"
    assert column_name("a-b c") == "a_b_c"
