"""The language's values are Python's: None, bool, int, float, str, bytes, list, dict; never changed once made.

Operators and their types: https://cloud.google.com/workflows/docs/reference/syntax/datatypes. Two things the page
leaves open are decided here: values of different types are unequal (not an error), and text is ordered by code point.
"""

import json
import operator
from collections.abc import Callable
from typing import Any

from stand_ins.workflows.failures import failure

Number = int | float
INTEGERS = range(-(2**63), 2**63)
MAX_STRING = 256 * 1024  # bytes of UTF-8
NAMES: dict[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "double",
    str: "string",
    bytes: "bytes",
    list: "list",
    dict: "map",
}


def type_name(value: Any) -> str:
    """What ``get_type`` answers."""
    return NAMES.get(type(value), "function")


def is_number(value: Any) -> bool:
    """Integer or double; a boolean is neither."""
    return type(value) in (int, float)


def size(value: Any) -> int:
    """Bytes of memory: 8 for a scalar, 8 plus its parts for the rest.

    https://cloud.google.com/workflows/docs/reference/syntax/variables#variable-sizes
    """
    kind = type(value)
    if kind is str:
        length = len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))
        if length > MAX_STRING:
            raise failure("ResourceLimitError", f"string of {length} bytes, the limit is {MAX_STRING}")
        return 8 + length
    if kind is list:
        return 8 + sum(map(size, value))
    if kind is dict:
        return 8 + sum(size(key) + size(item) for key, item in value.items())
    if kind is bytes:
        return 8 + len(value)
    return 8


def equal(left: Any, right: Any) -> bool:
    """Deep equality; integer and double compare by value, every other mixture of types is unequal."""
    if is_number(left) and is_number(right):
        return bool(left == right)
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(equal(item, right[key]) for key, item in left.items())
    return bool(left == right)


def contains(item: Any, container: Any) -> bool:
    """``item in container``: a key of a map or an element of a list."""
    if isinstance(container, dict):
        return isinstance(item, str) and item in container
    if isinstance(container, list):
        return any(equal(item, each) for each in container)
    raise failure("TypeError", f"unsupported operand type for in: {type_name(container)} (expecting list or map)")


def text(value: Any) -> str | None:
    """A scalar as ``string()`` and ``+`` write it; None for what cannot be text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value) if is_number(value) else None


def bounded(value: int | float) -> int | float:
    """``value``, if it fits the 64 bits of an integer."""
    if isinstance(value, int) and value not in INTEGERS:
        raise failure("ValueError", f"integer overflow: {value} does not fit 64 bits")
    return value


def _numbers(symbol: str, left: Any, right: Any) -> None:
    if not (is_number(left) and is_number(right)):
        raise failure("TypeError", f"unsupported operand types for {symbol}: {type_name(left)} and {type_name(right)}")


def _add(left: Any, right: Any) -> Any:
    if isinstance(left, str) or isinstance(right, str):
        first, second = text(left), text(right)
        if first is not None and second is not None:
            return first + second
    _numbers("+", left, right)
    return bounded(left + right)


def _arithmetic(symbol: str, operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def apply(left: Any, right: Any) -> Any:
        _numbers(symbol, left, right)
        try:
            return bounded(operation(left, right))
        except ZeroDivisionError:
            raise failure("ZeroDivisionError", "division by zero") from None

    return apply


def _order(symbol: str, operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], bool]:
    def apply(left: Any, right: Any) -> bool:
        if not (isinstance(left, str) and isinstance(right, str)):
            _numbers(symbol, left, right)
        return bool(operation(left, right))

    return apply


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": _add,
    "-": _arithmetic("-", operator.sub),
    "*": _arithmetic("*", operator.mul),
    "/": _arithmetic("/", operator.truediv),
    "//": _arithmetic("//", lambda left, right: int(left // right)),
    "%": _arithmetic("%", operator.mod),
    "==": equal,
    "!=": lambda left, right: not equal(left, right),
    "<": _order("<", operator.lt),
    "<=": _order("<=", operator.le),
    ">": _order(">", operator.gt),
    ">=": _order(">=", operator.ge),
    "in": contains,
    "not in": lambda left, right: not contains(left, right),
}


def boolean(value: Any, what: str) -> bool:
    """``value``, which must be true or false: nothing is converted implicitly."""
    if not isinstance(value, bool):
        raise failure("TypeError", f"{what}: a boolean is expected, found {type_name(value)}")
    return value


def to_json(value: Any, **options: Any) -> str:
    """JSON text; a whole double is written without a fraction, bytes are refused."""
    return json.dumps(_plain(value), ensure_ascii=False, **options)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    if type(value) not in NAMES or isinstance(value, bytes):
        raise failure("TypeError", f"{type_name(value)} cannot be written as JSON")
    return value


def from_json(data: str | bytes, what: str) -> Any:
    """A value from JSON; integers beyond 64 bits become doubles."""

    def integer(digits: str) -> int | float:
        return int(digits) if int(digits) in INTEGERS else float(digits)

    try:
        return json.loads(data, parse_int=integer)
    except ValueError as error:
        raise failure("ValueError", f"{what}: not JSON: {error}") from None
