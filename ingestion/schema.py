"""Airbyte's types as Bronze has them: JSON schema -> Arrow type, JSON values -> Arrow columns.

As destination-gcs 1.0 (Bulk Load CDK) maps them: integer INT64; number DOUBLE, never a decimal; timestamps with and
without zone TIMESTAMP(us, UTC); object with properties a struct; object or array without a schema its JSON text;
a union of two or more a struct of alternatives. A value that does not fit becomes NULL and is named in
``_airbyte_meta.changes``; it never fails the sync.

Each kind converts a whole column at once where every value fits (``column``), and value by value where one does
not (``value``, which raises ``Unfit``).
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, ClassVar

import orjson
import pyarrow as pa
import pyarrow.compute as pc

INT64 = range(-(2**63), 2**63)


class Unfit(Exception):
    """A value that its declared type cannot hold."""


class Nulled(list[str]):
    """Paths of the values of one row that were made NULL."""

    def fit(self, kind: "Kind", value: Any, path: str) -> Any:
        """``value`` as ``kind`` holds it, or None with its path noted."""
        if value is None:
            return None
        try:
            return kind.value(value, path, self)
        except Unfit:
            self.append(path)
            return None


@dataclass(frozen=True)
class Kind:
    """One Airbyte type."""

    arrow: ClassVar[pa.DataType]

    def column(self, values: list[Any]) -> pa.Array:
        """All values at once; raises (``Unfit`` or Arrow's errors) if any does not fit as it is."""
        raise Unfit

    def value(self, value: Any, path: str, nulled: Nulled) -> Any:
        """One value, never None; ``Unfit`` if it cannot be held."""
        raise NotImplementedError


def _only(values: list[Any], *types: type) -> list[Any]:
    """``values`` if all are of these types or None: Arrow itself makes 1 of 1.5 and 0.0 of false without a word."""
    if not set(map(type, values)) <= {*types, type(None)}:
        raise Unfit
    return values


class Text(Kind):
    arrow = pa.string()

    def column(self, values: list[Any]) -> pa.Array:
        return pa.array(_only(values, str), self.arrow)

    def value(self, value: Any, path: str, nulled: Nulled) -> Any:
        if type(value) is int:
            return str(value)  # orjson writes no integer beyond 64 bits
        return value if isinstance(value, str) else orjson.dumps(value).decode()


class Json(Text):
    """An object or array without a schema: its JSON text."""


class Integer(Kind):
    arrow = pa.int64()

    def column(self, values: list[Any]) -> pa.Array:
        return pa.array(_only(values, int), self.arrow)

    def value(self, value: Any, path: str, nulled: Nulled) -> Any:
        if (isinstance(value, float) and value.is_integer()) or (
            isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,19}", value)
        ):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or value not in INT64:
            raise Unfit
        return value


class Number(Kind):
    arrow = pa.float64()

    def column(self, values: list[Any]) -> pa.Array:
        return pa.array(_only(values, int, float), self.arrow)

    def value(self, value: Any, path: str, nulled: Nulled) -> Any:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise Unfit
        try:
            return float(value)
        except (ValueError, OverflowError):
            raise Unfit from None


class Boolean(Kind):
    arrow = pa.bool_()

    def column(self, values: list[Any]) -> pa.Array:
        return pa.array(_only(values, bool), self.arrow)

    def value(self, value: Any, path: str, nulled: Nulled) -> Any:
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if not isinstance(value, bool):
            raise Unfit
        return value


class Timestamp(Kind):
    """With or without a zone; without one it is taken for UTC, as the destination does."""

    arrow = pa.timestamp("us", "UTC")

    def column(self, values: list[Any]) -> pa.Array:
        text = pa.array(_only(values, str), pa.string())
        try:
            return pc.cast(text, pa.timestamp("us")).cast(self.arrow)
        except pa.ArrowInvalid:  # Arrow casts texts that all have a zone, or that all have none
            return pc.cast(text, self.arrow)

    def value(self, value: Any, path: str, nulled: Nulled) -> Any:
        try:
            at = datetime.fromisoformat(value)
            return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            raise Unfit from None


class Date(Kind):
    arrow = pa.date32()

    def column(self, values: list[Any]) -> pa.Array:
        return pc.cast(pa.array(_only(values, str), pa.string()), self.arrow)

    def value(self, value: Any, path: str, nulled: Nulled) -> Any:
        try:
            return date.fromisoformat(value[:10])
        except (TypeError, ValueError):
            raise Unfit from None


class Time(Kind):
    arrow = pa.time64("us")

    def value(self, value: Any, path: str, nulled: Nulled) -> Any:
        try:
            return time.fromisoformat(value).replace(tzinfo=None)
        except (TypeError, ValueError):
            raise Unfit from None


@dataclass(frozen=True)
class Struct(Kind):
    """An object with properties; keys it does not declare are dropped, as the destination drops them."""

    fields: Mapping[str, Kind]

    @property
    def arrow(self) -> pa.DataType:
        return pa.struct([pa.field(column_name(name), kind.arrow) for name, kind in self.fields.items()])

    def value(self, value: Any, path: str, nulled: Nulled) -> Any:
        if not isinstance(value, dict):
            raise Unfit
        return {
            column_name(name): nulled.fit(kind, value.get(name), f"{path}.{name}") for name, kind in self.fields.items()
        }


@dataclass(frozen=True)
class List(Kind):
    """An array whose items have a type."""

    item: Kind

    @property
    def arrow(self) -> pa.DataType:
        return pa.list_(pa.field("element", self.item.arrow))

    def value(self, value: Any, path: str, nulled: Nulled) -> Any:
        if not isinstance(value, list):
            raise Unfit
        return [nulled.fit(self.item, item, f"{path}[{index}]") for index, item in enumerate(value)]


@dataclass(frozen=True)
class Union(Kind):
    """One of several types: a struct with the name of the alternative and one field for each."""

    alternatives: Mapping[str, Kind]

    @property
    def arrow(self) -> pa.DataType:
        fields = [pa.field(name, kind.arrow) for name, kind in self.alternatives.items()]
        return pa.struct([pa.field("type", pa.string(), nullable=False), *fields])

    def value(self, value: Any, path: str, nulled: Nulled) -> Any:
        for name, kind in self.alternatives.items():
            if not isinstance(value, _NATURAL[name]) or (isinstance(value, bool) and name != "boolean"):
                continue
            try:
                return {"type": name, name: kind.value(value, path, nulled)}
            except Unfit:
                continue
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
# What a JSON value of each alternative of a union looks like: "5" is a string there, not a number.
_NATURAL: dict[str, type | tuple[type, ...]] = {
    "timestamp": str,
    "date": str,
    "time": str,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}


def kind_of(declared: Mapping[str, Any]) -> Kind:
    """The kind of one property of a stream's JSON schema."""
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
        return [option for option in options if option.get("type") != "null"]
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
    return kind if kind in _NATURAL else "object"


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


def convert(kind: Kind, values: list[Any], name: str) -> tuple[pa.Array, dict[int, Nulled]]:
    """A column of ``values``, and for each row that lost some of its value, the paths that were made NULL."""
    try:
        return kind.column(values), {}
    except (Unfit, pa.ArrowException, OverflowError):
        pass  # one value at least does not fit as it is: take them one by one
    nulled = [Nulled() for _ in values]
    fitted = [paths.fit(kind, value, name) for paths, value in zip(nulled, values, strict=True)]
    return pa.array(fitted, kind.arrow), {row: paths for row, paths in enumerate(nulled) if paths}


def column_name(name: str) -> str:
    """A property's name as a column: without accents, letters, digits and underscores, no digit in front."""
    safe = re.sub(r"[^A-Za-z0-9_]", "_", _plain(name))
    return f"_{safe}" if safe[:1].isdigit() else safe


def _plain(name: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.category(c).startswith("M"))
