"""What kind of value an expression has, and the expressions of which ``rules`` and ``times`` make others."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
from sqlglot import exp

from cache_service import errors
from cache_service.errors import QueryError

Kind = str | None  # None where it is not known
Rule = Callable[[Any], tuple[exp.Expr, Kind]]
D = exp.DType

TYPE_KINDS: dict[Any, Kind] = {
    **dict.fromkeys((D.TINYINT, D.SMALLINT, D.INT), "small"),  # a sum of them fits 64 bits
    D.BIGINT: "integer",
    **dict.fromkeys((D.INT128, D.DECIMAL), "decimal"),
    **dict.fromkeys((D.FLOAT, D.DOUBLE), "double"),
    **dict.fromkeys((D.TEXT, D.VARCHAR, D.CHAR, D.JSON), "text"),
    **dict.fromkeys((D.TIMESTAMP, D.TIMESTAMPNTZ, D.TIMESTAMP_S, D.TIMESTAMP_MS), "time"),
    **{D.DATE: "date", D.TIMESTAMPTZ: "instant", D.TIME: "clock", D.BOOLEAN: "flag", D.VARBINARY: "bytes"},
}
ARROW_NAMES = {
    **{D.TINYINT: "Int8", D.SMALLINT: "Int16", D.INT: "Int32", D.BIGINT: "Int64"},
    **{D.INT128: "Decimal128(38, 0)", D.FLOAT: "Float32", D.DOUBLE: "Float64", D.TEXT: "Utf8View", D.JSON: "Utf8View"},
    **{D.DATE: "Date32", D.TIME: "Time64(Microsecond)", D.BOOLEAN: "Boolean", D.VARBINARY: "BinaryView"},
    **{kind: "Timestamp(Microsecond, None)" for kind, name in TYPE_KINDS.items() if name == "time"},
    D.TIMESTAMPTZ: 'Timestamp(Microsecond, Some("UTC"))',
}
ARROW_KINDS: tuple[tuple[Callable[[pa.DataType], bool], Kind], ...] = (
    (lambda kind: pa.types.is_signed_integer(kind) and kind.bit_width <= 32, "small"),
    (pa.types.is_int64, "integer"),
    (pa.types.is_decimal, "decimal"),
    (pa.types.is_floating, "double"),
    (lambda kind: kind in {pa.string(), pa.string_view(), pa.large_string()}, "text"),
    (lambda kind: pa.types.is_timestamp(kind) and kind.tz is None, "time"),
    (pa.types.is_timestamp, "instant"),
    (pa.types.is_date, "date"),
    (pa.types.is_time, "clock"),
    (pa.types.is_boolean, "flag"),
)
WHOLE = ("small", "integer")
NUMBERS = (*WHOLE, "decimal", "double")
TIMES = ("date", "time", "instant")


def kind_of_type(kind: pa.DataType) -> Kind:
    """The kind of an Arrow type."""
    return next((name for matches, name in ARROW_KINDS if matches(kind)), None)


def of(node: exp.Expr | None) -> Kind:
    """The kind of an expression that has been rewritten."""
    return None if node is None else node.meta.get("kind")


def refuse(what: str, instead: str | None = None) -> QueryError:
    """What cannot be answered as DuckDB does."""
    return QueryError(errors.NOT_SUPPORTED, f"{what} is not supported", hint=instead and f"write {instead}")


def unknown(name: str) -> QueryError:
    """A function that no rule names."""
    return QueryError(errors.NO_SUCH_FUNCTION, f"function {name} is not one that is answered here as DuckDB answers it")


def call(name: str, *arguments: exp.Expr | str | int | None) -> exp.Expr:
    """A call of one of DataFusion's functions; None is left out."""
    return exp.Anonymous(this=name, expressions=[exp.convert(a) for a in arguments if a is not None])


def cast(node: exp.Expr, kind: str) -> exp.Expr:
    """``node`` as a type of SQL, by DataFusion's own rules."""
    return exp.Cast(this=node, to=exp.DataType.build(kind, dialect="duckdb"))


def written_cast(generator: Any, node: exp.Cast) -> str:
    """By Arrow's name. DataFusion names ``CAST(x AS DATE)`` like ``x``, and then takes one for the other."""
    kind = node.to
    if kind.this == D.DECIMAL:
        name = f"Decimal128({', '.join(size.name for size in kind.expressions)})"
    else:
        name = ARROW_NAMES[kind.this]
    function = "arrow_try_cast" if isinstance(node, exp.TryCast) else "arrow_cast"
    return str(generator.func(function, node.this, exp.Literal.string(name)))


def number(value: int) -> exp.Expr:
    """A whole number."""
    return exp.Literal.number(value)


def nonzero(node: exp.Expr) -> exp.Expr:
    """NULL instead of a zero that divides."""
    return exp.Nullif(this=node, expression=number(0))


def as_time(node: exp.Expr) -> exp.Expr:
    """A date or a text as a time."""
    if of(node) == "time":
        return node
    written = cast(node, "TIMESTAMP")
    written.meta["kind"] = "time"
    return written


def text(node: exp.Expr) -> exp.Expr:
    """As DuckDB writes a value."""
    match of(node):
        case "text":
            return node
        case "time":
            return call("text_of_time", node)
        case "double":
            return call("text_of_double", cast(node, "DOUBLE"))
        case "instant" | "interval" | "bytes":
            raise refuse(f"{of(node)} as text", "strftime(CAST(x AS TIMESTAMP), ...)")
    return cast(node, "TEXT")


def unsigned_zero(node: exp.Expr) -> exp.Expr:
    """A DOUBLE without a negative zero, which DataFusion sorts and groups apart from zero."""
    return exp.Paren(this=exp.Add(this=node, expression=cast(exp.Literal.string("0"), "DOUBLE")))
