"""Airbyte's types as Bronze has them: JSON schema -> Arrow type, JSON values -> Arrow columns.

As destination-gcs 1.0 (Bulk Load CDK) maps them: integer INT64; number DOUBLE, never a decimal; timestamps with and
without zone TIMESTAMP(us, UTC); object with properties a struct; object or array without a schema its JSON text;
a union of two or more a struct of alternatives. A value that does not fit becomes NULL and is named in
``_airbyte_meta.changes``; it never fails the sync.

Each kind converts a whole column at once where every value fits as it is (``column``). Where one does not, each is
read from its own bytes (``value``, which raises ``Unfit``): no number goes through a float on its way to a text or an
integer, and what becomes text is letter for letter what the connector sent.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, ClassVar

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from biaac import bronze

INT64, DIGITS = range(-(2**63), 2**63), 19
INTEGER, NUMBER = re.compile(r"[+-]?\d{1,19}"), re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
LAST = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)  # later ones, nobody behind Bronze can show
Exact = bytes | msgspec.Raw  # a value as the connector's line has it

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_text = msgspec.json.Decoder(str).decode


class Unfit(Exception):
    """A value that its declared type cannot hold."""


class Nulled(list[str]):
    """Paths of the values of one row that were made NULL."""

    def fit(self, kind: "Kind", exact: Exact, path: str) -> Any:
        """A value as ``kind`` holds it, or None with its path noted."""
        json = bytes(exact)
        if json == b"null":
            return None
        try:
            return kind.value(json, path, self)
        except (Unfit, msgspec.DecodeError, ValueError, OverflowError):
            self.append(path)
            return None


@dataclass(frozen=True)
class Kind:
    """One Airbyte type."""

    arrow: ClassVar[pa.DataType]

    def column(self, values: Sequence[Any]) -> pa.Array:
        """All values at once; raises (``Unfit`` or Arrow's errors) if any does not fit as it is."""
        raise Unfit

    def value(self, json: bytes, path: str, nulled: Nulled) -> Any:
        """One value, never null, of its JSON; ``Unfit``, or an error of Python's, if it cannot be held."""
        raise NotImplementedError


def _only(values: Sequence[Any], *types: type) -> Sequence[Any]:
    """``values`` if all are of these types or None: Arrow itself makes 1 of 1.5 and 0.0 of false without a word."""
    if not set(map(type, values)) <= {*types, type(None)}:
        raise Unfit
    return values


def _unquoted(json: bytes) -> str:
    """The text of a string, or a number as it is written."""
    return _text(json) if json[:1] == b'"' else json.decode()


class Text(Kind):
    arrow = pa.string()

    def column(self, values: Sequence[Any]) -> pa.Array:
        return pa.array(_only(values, str), self.arrow)

    def value(self, json: bytes, path: str, nulled: Nulled) -> Any:
        return _unquoted(json)


class Json(Text):
    """An object or array without a schema: its JSON text."""


class Integer(Kind):
    arrow = pa.int64()

    def column(self, values: Sequence[Any]) -> pa.Array:
        return pa.array(_only(values, int), self.arrow)

    def value(self, json: bytes, path: str, nulled: Nulled) -> Any:
        text = _unquoted(json)
        if json[:1] != b'"' and NUMBER.fullmatch(text) and Decimal(text).adjusted() < DIGITS:
            value = Decimal(text)
        else:
            value = Decimal(text if INTEGER.fullmatch(text) else "NaN")
        if value != value.to_integral_value() or int(value) not in INT64:
            raise Unfit
        return int(value)


class Number(Kind):
    arrow = pa.float64()

    def column(self, values: Sequence[Any]) -> pa.Array:
        return pa.array(_only(values, int, float), self.arrow)

    def value(self, json: bytes, path: str, nulled: Nulled) -> Any:
        text = _unquoted(json)
        if not NUMBER.fullmatch(text) or not math.isfinite(float(text)):
            raise Unfit
        return float(text)


class Boolean(Kind):
    arrow = pa.bool_()

    def column(self, values: Sequence[Any]) -> pa.Array:
        return pa.array(_only(values, bool), self.arrow)

    def value(self, json: bytes, path: str, nulled: Nulled) -> Any:
        text = _unquoted(json).lower()
        if text not in ("true", "false"):
            raise Unfit
        return text == "true"


class Timestamp(Kind):
    """With or without a zone; without one it is taken for UTC, as the destination does."""

    arrow = pa.timestamp("us", "UTC")

    def column(self, values: Sequence[Any]) -> pa.Array:
        text = pa.array(_only(values, str), pa.string())
        try:
            column = pc.cast(text, pa.timestamp("us")).cast(self.arrow)
        except pa.ArrowInvalid:  # Arrow casts texts that all have a zone, or that all have none
            column = pc.cast(text, self.arrow)
        if pc.any(pc.greater(column, pa.scalar(LAST, self.arrow))).as_py():
            raise Unfit
        return column

    def value(self, json: bytes, path: str, nulled: Nulled) -> Any:
        at = datetime.fromisoformat(_text(json))
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


class Date(Kind):
    arrow = pa.date32()

    def column(self, values: Sequence[Any]) -> pa.Array:
        return pc.cast(pa.array(_only(values, str), pa.string()), self.arrow)

    def value(self, json: bytes, path: str, nulled: Nulled) -> Any:
        text = _text(json)
        return (datetime if len(text) > len("2026-03-09") else date).fromisoformat(text)


class Time(Kind):
    """With or without a zone: in UTC, as the destination has it."""

    arrow = pa.time64("us")

    def value(self, json: bytes, path: str, nulled: Nulled) -> Any:
        at = time.fromisoformat(_text(json))
        return at if at.tzinfo is None else datetime.combine(date(2000, 1, 1), at).astimezone(UTC).time()


@dataclass(frozen=True)
class Struct(Kind):
    """An object with properties; keys it does not declare are dropped, as the destination drops them."""

    fields: Mapping[str, Kind]

    @property
    def arrow(self) -> pa.DataType:
        columns = bronze.columns(self.fields)
        return pa.struct([pa.field(columns[name], kind.arrow) for name, kind in self.fields.items()])

    def value(self, json: bytes, path: str, nulled: Nulled) -> Any:
        exact, columns = _fields(json), bronze.columns(self.fields)
        return {
            columns[name]: nulled.fit(kind, exact.get(name, b"null"), f"{path}.{name}")
            for name, kind in self.fields.items()
        }


@dataclass(frozen=True)
class List(Kind):
    """An array whose items have a type."""

    item: Kind

    @property
    def arrow(self) -> pa.DataType:
        return pa.list_(pa.field("element", self.item.arrow))

    def value(self, json: bytes, path: str, nulled: Nulled) -> Any:
        return [nulled.fit(self.item, item, f"{path}[{index}]") for index, item in enumerate(_items(json))]


@dataclass(frozen=True)
class Union(Kind):
    """One of several types: a struct with the name of the alternative and one field for each."""

    alternatives: Mapping[str, Kind]

    @property
    def arrow(self) -> pa.DataType:
        fields = [pa.field(name, kind.arrow) for name, kind in self.alternatives.items()]
        return pa.struct([pa.field("type", pa.string(), nullable=False), *fields])

    def value(self, json: bytes, path: str, nulled: Nulled) -> Any:
        natural = _NATURAL[_looks_like(json)]
        for name in [name for name in self.alternatives if name in natural]:
            lost = Nulled()
            value = lost.fit(self.alternatives[name], json, path)
            if path not in lost:
                nulled += lost
                return {"type": name, name: value}
        raise Unfit


_SIMPLE: dict[str, Kind] = {
    "string": Text(),
    "integer": Integer(),
    "number": Number(),
    "boolean": Boolean(),
    "timestamp": Timestamp(),
    "date": Date(),
    "time": Time(),
}
# Which alternatives of a union a JSON value may be: "5" is a string, not a number; 5.0 is no integer.
_NATURAL: dict[str, tuple[str, ...]] = {
    "string": ("timestamp", "date", "time", "string"),
    "integer": ("integer", "number"),
    "number": ("number",),
    "boolean": ("boolean",),
    "array": ("array",),
    "object": ("object",),
}


def _looks_like(json: bytes) -> str:
    first = {ord('"'): "string", ord("["): "array", ord("{"): "object", ord("t"): "boolean", ord("f"): "boolean"}
    return first.get(json[0]) or ("integer" if INTEGER.fullmatch(json.decode()) else "number")


def kind_of(declared: Any) -> Kind:
    """The kind of one property of a stream's JSON schema; of ``true``, which is a schema too, any JSON."""
    if not isinstance(declared, Mapping):
        return Json()
    alternatives = _alternatives(declared)
    if len(alternatives) > 1:
        named: dict[str, Kind] = {}
        for alternative in alternatives:
            named.setdefault(_name_of(alternative), _single(alternative))
        if set(named) == {"integer", "number"}:
            return Number()
        if len(named) > 1:
            return Union(named)
    return _single(alternatives[0]) if alternatives else Json()


def _alternatives(declared: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The types other than null that a value may have, each as a schema of one type."""
    options = declared.get("oneOf") or declared.get("anyOf")
    if options:
        return [option for option in options if isinstance(option, Mapping) and option.get("type") != "null"]
    types = declared.get("type")
    return [
        {**declared, "type": one}
        for one in (types if isinstance(types, list) else [types])
        if one not in (None, "null")
    ]


def _name_of(declared: Mapping[str, Any]) -> str:
    """The name the destination gives to this type: of its field in a union."""
    kind, form, airbyte = (declared.get(key) for key in ("type", "format", "airbyte_type"))
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), None)
    if kind == "string" and (form == "date-time" or str(airbyte).startswith("timestamp_")):
        return "timestamp"
    if kind == "string" and form == "date":
        return "date"
    if kind == "string" and (form == "time" or str(airbyte).startswith("time_")):
        return "time"
    if kind == "number" and airbyte == "integer":
        return "integer"
    return str(kind) if kind in _NATURAL else "object"


def _single(declared: Mapping[str, Any]) -> Kind:
    name = _name_of(declared)
    if name in _SIMPLE:
        return _SIMPLE[name]
    if name == "object" and declared.get("properties"):
        return Struct({key: kind_of(value) for key, value in declared["properties"].items()})
    items = declared.get("items")
    if name == "array" and isinstance(items, Mapping) and (items.get("type") or items.get("oneOf")):
        return List(kind_of(items))
    return Json()


def convert(
    kind: Kind, values: Sequence[Any], name: str, exact: Callable[[], Sequence[Exact]]
) -> tuple[pa.Array, dict[int, Nulled]]:
    """A column of ``values``, and for each row that lost some of its value, the paths that were made NULL.

    ``exact`` gives the same values as the connector's lines have them; it is called where one does not fit as it is.
    """
    with suppress(Unfit, pa.ArrowException, OverflowError):
        return kind.column(values), {}
    nulled = [Nulled() for _ in values]
    fitted = [paths.fit(kind, value, name) for paths, value in zip(nulled, exact(), strict=True)]
    return pa.array(fitted, kind.arrow), {row: paths for row, paths in enumerate(nulled) if paths}
