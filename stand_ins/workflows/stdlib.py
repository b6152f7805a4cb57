"""The standard library but for HTTP and text: helpers, base64, json, list, map, math, retry, sys, time, uuid.

https://cloud.google.com/workflows/docs/reference/stdlib/overview; each function is documented under its own name.
``events``, ``experimental`` and ``hash`` are not here: a file that uses them is refused.
"""

import base64
import binascii
import math
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from stand_ins.workflows.execution import Execution
from stand_ins.workflows.failures import failure
from stand_ins.workflows.values import INTEGERS, Number, bounded, from_json, text, to_json, type_name

MAX_SLEEP = 31_536_000  # seconds: an execution lasts at most a year
SEVERITIES = ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY")


def default(val: Any, defaultVal: Any) -> Any:
    """``val`` unless it is null."""
    return defaultVal if val is None else val


def if_(condition: bool | None, ifTrue: Any, ifFalse: Any) -> Any:
    """One of two values; both were evaluated before. Null counts as false."""
    return ifTrue if condition else ifFalse


def get_type(arg: Any) -> str:
    """The name of a value's type."""
    return type_name(arg)


def keys(map: dict) -> list[str]:  # type: ignore[type-arg]  # annotations are the run-time type checks
    """The keys of a map."""
    return list(map)


def length(value: str | list | dict) -> int:  # type: ignore[type-arg]
    """Characters, elements or entries."""
    return len(value)


def integer(x: str | int | float) -> int:
    """An integer from text, or from a double by dropping the fraction."""
    try:
        value = int(_without_underscore(x))
    except (ValueError, OverflowError):
        raise failure("ValueError", f"int: {x!r} is not an integer") from None
    return int(bounded(value))


def double(x: str | int | float) -> float:
    """A double from text or from an integer."""
    try:
        return float(_without_underscore(x))
    except ValueError:
        raise failure("ValueError", f"double: {x!r} is not a number") from None


def _without_underscore(x: str | int | float) -> str | int | float:
    if isinstance(x, str) and "_" in x:
        raise ValueError  # 1_000 is a number of Python's, not of this language
    return x


def string(x: Any) -> str:
    """Text of a number, a boolean or a string."""
    written = text(x)
    if written is None:
        expected = "(expecting number, string, or boolean)"
        raise failure("TypeError", f"unsupported operand type for string(): {type_name(x)} {expected}")
    return written


def base64_decode(data: str, padding: bool = True) -> bytes:
    """Bytes from base64."""
    try:
        return base64.b64decode(data if padding else data + "=" * (-len(data) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise failure("ValueError", "base64.decode: data is not base64") from None


def base64_encode(data: bytes, padding: bool = True) -> str:
    """Base64 of bytes."""
    encoded = base64.b64encode(data).decode()
    return encoded if padding else encoded.rstrip("=")


def json_decode(data: bytes | str) -> Any:
    """A value from JSON."""
    return from_json(data, "json.decode")


def json_encode(data: Any, indent: bool | dict | None = None) -> bytes:  # type: ignore[type-arg]
    """JSON as bytes."""
    return json_encode_to_string(data, indent).encode()


def json_encode_to_string(data: Any, indent: bool | dict | None = None) -> str:  # type: ignore[type-arg]
    """JSON as text; ``indent`` is true or a map with ``prefix`` and ``indent``."""
    if indent is None or indent is False:
        return to_json(data, separators=(",", ":"))
    style = {"prefix": "", "indent": "    ", **(indent if isinstance(indent, dict) else {})}
    text: str = ("\n" + style["prefix"]).join(to_json(data, indent=style["indent"]).split("\n"))
    return text


def list_concat(objs: list, val: Any) -> list[Any]:  # type: ignore[type-arg]
    """A copy with one new element at the end, even if that is a list."""
    return [*objs, val]


def list_prepend(objs: list, val: Any) -> list[Any]:  # type: ignore[type-arg]
    """A copy with one new element at the beginning."""
    return [val, *objs]


def map_delete(map: dict, key: str) -> dict[str, Any]:  # type: ignore[type-arg]
    """A copy without one key."""
    if key not in map:
        raise failure("KeyError", f"key not found: {key}")
    return {each: value for each, value in map.items() if each != key}


def map_get(map: Any, keys: str | list) -> Any:  # type: ignore[type-arg]
    """What stands under a key, or under keys in keys; null where there is none."""
    value = map
    for key in keys if isinstance(keys, list) else [keys]:
        if not isinstance(key, str):
            raise failure("TypeError", f"map.get: a key must be a string, found {type_name(key)}")
        value = value.get(key) if isinstance(value, dict) else None
    return value


def map_merge(first: dict, second: dict) -> dict[str, Any]:  # type: ignore[type-arg]
    """A copy of ``first`` with the entries of ``second``."""
    return {**first, **second}


def map_merge_nested(first: dict, second: dict) -> dict[str, Any]:  # type: ignore[type-arg]
    """As ``map.merge``, and so for maps in maps."""
    merged = dict(first)
    for key, value in second.items():
        both = isinstance(merged.get(key), dict) and isinstance(value, dict)
        merged[key] = map_merge_nested(merged[key], value) if both else value
    return merged


def math_abs(x: Number) -> Number:
    """Absolute value."""
    return bounded(abs(x))


def math_floor(x: Number) -> int:
    """The greatest integer that is not greater."""
    if not math.isfinite(x) or math.floor(x) not in INTEGERS:
        raise failure("ValueError", f"math.floor: {x} has no integer of 64 bits")
    return math.floor(x)


def math_max(x: Number, y: Number) -> Number:
    """The greater of two numbers."""
    return max(x, y)


def math_min(x: Number, y: Number) -> Number:
    """The lesser of two numbers."""
    return min(x, y)


def retry_always(exception: Any) -> bool:  # noqa: ARG001  a predicate is given the error
    """Retry whatever happened."""
    return True


def retry_never(exception: Any) -> bool:  # noqa: ARG001
    """Retry nothing."""
    return False


def get_env(execution: Execution, name: str, default: str | None = None) -> str | None:
    """An environment variable, built-in or set at deployment."""
    return execution.environment.get(name, default)


def log(
    execution: Execution,
    data: Any = None,
    severity: str = "DEFAULT",
    text: Any = None,
    json: dict | None = None,  # type: ignore[type-arg]
    timeout: Number | None = None,  # noqa: ARG001  accepted: a local line is written at once
) -> None:
    """Write one of data, text or json to the log."""
    given = [value for value in (data, text, json) if value is not None]
    if len(given) != 1:
        raise failure("ValueError", f"sys.log: one of data, text and json is expected, found {len(given)}")
    if severity not in SEVERITIES:
        raise failure("ValueError", f"sys.log: severity must be one of {', '.join(SEVERITIES)}, found {severity!r}")
    execution.log(severity, given[0])


def now(execution: Execution) -> float:
    """Unix time in seconds."""
    return execution.clock.now()


def sleep(execution: Execution, seconds: Number) -> None:
    """Wait for a time."""
    if not 0 <= seconds <= MAX_SLEEP:
        raise failure("ValueError", f"sys.sleep: seconds must be from 0 to {MAX_SLEEP}, found {seconds}")
    execution.sleep(float(seconds))


def sleep_until(execution: Execution, time: str) -> None:
    """Wait until a moment, given as RFC 3339; one in the past does not wait."""
    execution.sleep(min(time_parse(time) - execution.clock.now(), MAX_SLEEP))


def time_format(seconds: Number, timezone: str | None = None) -> str:
    """A moment as ISO 8601, in GMT or a zone of the IANA database."""
    try:
        moment = datetime.fromtimestamp(seconds, ZoneInfo(timezone) if timezone else UTC)
    except (ZoneInfoNotFoundError, ValueError, OverflowError):
        raise failure("ValueError", f"time.format: {seconds} in {timezone or 'GMT'} is no moment") from None
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def time_parse(value: str) -> float:
    """Unix time of an RFC 3339 text."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or "T" not in value.upper():
        raise failure("ValueError", f"time.parse: {value!r} is not RFC 3339, such as 2026-01-31T08:00:00Z")
    return moment.timestamp()


def uuid_generate() -> str:
    """A random UUID."""
    return str(uuid.uuid4())


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "default": default,
    "if": if_,
    "get_type": get_type,
    "keys": keys,
    "len": length,
    "int": integer,
    "double": double,
    "string": string,
    "base64.decode": base64_decode,
    "base64.encode": base64_encode,
    "json.decode": json_decode,
    "json.encode": json_encode,
    "json.encode_to_string": json_encode_to_string,
    "list.concat": list_concat,
    "list.prepend": list_prepend,
    "map.delete": map_delete,
    "map.get": map_get,
    "map.merge": map_merge,
    "map.merge_nested": map_merge_nested,
    "math.abs": math_abs,
    "math.floor": math_floor,
    "math.max": math_max,
    "math.min": math_min,
    "retry.always": retry_always,
    "retry.never": retry_never,
    "sys.get_env": get_env,
    "sys.now": now,
    "time.format": time_format,
    "time.parse": time_parse,
    "uuid.generate": uuid_generate,
}
BLOCKING: dict[str, Callable[..., Any]] = {"sys.log": log, "sys.sleep": sleep, "sys.sleep_until": sleep_until}
