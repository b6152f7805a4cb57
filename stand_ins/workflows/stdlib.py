"""The standard library but for HTTP and text: helpers, base64, json, list, map, math, retry, sys, time, uuid.

https://cloud.google.com/workflows/docs/reference/stdlib/overview; each function is documented under its own name.
``events``, ``experimental`` and ``hash`` are not here: a file that uses them is refused.
"""

import base64
import binascii
import math
import uuid
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from stand_ins.workflows.execution import Execution
from stand_ins.workflows.failures import failure
from stand_ins.workflows.signatures import Optional, function
from stand_ins.workflows.values import INTEGERS, Number, bounded, from_json, text, to_json, type_name

MAX_SLEEP = 31_536_000  # seconds: an execution lasts at most a year
SEVERITIES = ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY")


def _integer(x: str | int | float) -> int:
    """From text, or from a double by dropping the fraction."""
    try:
        value = int(_without_underscore(x))
    except (ValueError, OverflowError):
        raise failure("ValueError", f"int: {x!r} is not an integer") from None
    return int(bounded(value))


def _double(x: str | int | float) -> float:
    try:
        return float(_without_underscore(x))
    except ValueError:
        raise failure("ValueError", f"double: {x!r} is not a number") from None


def _without_underscore(x: str | int | float) -> str | int | float:
    if isinstance(x, str) and "_" in x:
        raise ValueError  # 1_000 is a number of Python's, not of this language
    return x


def _string(x: Any) -> str:
    written = text(x)
    if written is None:
        expected = "(expecting number, string, or boolean)"
        raise failure("TypeError", f"unsupported operand type for string(): {type_name(x)} {expected}")
    return written


def _base64_decode(data: str, padding: bool) -> bytes:
    try:
        return base64.b64decode(data if padding else data + "=" * (-len(data) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise failure("ValueError", "base64.decode: data is not base64") from None


def _base64_encode(data: bytes, padding: bool) -> str:
    encoded = base64.b64encode(data).decode()
    return encoded if padding else encoded.rstrip("=")


def _json_text(data: Any, indent: bool | dict[str, str] | None) -> str:
    """``indent`` is true or a map with ``prefix`` and ``indent``."""
    if indent is None or indent is False:
        return to_json(data, separators=(",", ":"))
    style = {"prefix": "", "indent": "    ", **(indent if isinstance(indent, dict) else {})}
    return ("\n" + style["prefix"]).join(to_json(data, indent=style["indent"]).split("\n"))


def _map_delete(map: dict[str, Any], key: str) -> dict[str, Any]:
    if key not in map:
        raise failure("KeyError", f"key not found: {key}")
    return {each: value for each, value in map.items() if each != key}


def _map_get(map: Any, keys: str | list[str]) -> Any:
    """What stands under a key, or under keys in keys; null where there is none."""
    value = map
    for key in keys if isinstance(keys, list) else [keys]:
        if not isinstance(key, str):
            raise failure("TypeError", f"map.get: a key must be a string, found {type_name(key)}")
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _map_merge_nested(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    merged = dict(first)
    for key, value in second.items():
        both = isinstance(merged.get(key), dict) and isinstance(value, dict)
        merged[key] = _map_merge_nested(merged[key], value) if both else value
    return merged


def _floor(x: float) -> int:
    if not math.isfinite(x) or math.floor(x) not in INTEGERS:
        raise failure("ValueError", f"math.floor: {x} has no integer of 64 bits")
    return math.floor(x)


def _get_env(execution: Execution, name: str, default: str | None) -> str | None:
    return execution.environment.get(name, default)


def _log(execution: Execution, data: Any, severity: str, text: Any, json: Any, _timeout: Any) -> None:
    """``timeout`` has no effect: a local line is written at once."""
    given = [value for value in (data, text, json) if value is not None]
    if len(given) != 1:
        raise failure("ValueError", f"sys.log: one of data, text and json is expected, found {len(given)}")
    if severity not in SEVERITIES:
        raise failure("ValueError", f"sys.log: severity must be one of {', '.join(SEVERITIES)}, found {severity!r}")
    execution.log(severity, given[0])


def _sleep(execution: Execution, seconds: float) -> None:
    if not 0 <= seconds <= MAX_SLEEP:
        raise failure("ValueError", f"sys.sleep: seconds must be from 0 to {MAX_SLEEP}, found {seconds}")
    execution.sleep(float(seconds))


def _sleep_until(execution: Execution, time: str) -> None:
    """A moment in the past does not wait."""
    execution.sleep(min(_time_parse(time) - execution.clock.now(), MAX_SLEEP))


def _time_format(seconds: float, timezone: str | None) -> str:
    """ISO 8601, in GMT or a zone of the IANA database."""
    try:
        moment = datetime.fromtimestamp(seconds, ZoneInfo(timezone) if timezone else UTC)
    except (ZoneInfoNotFoundError, ValueError, OverflowError):
        raise failure("ValueError", f"time.format: {seconds} in {timezone or 'GMT'} is no moment") from None
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _time_parse(value: str) -> float:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or "T" not in value.upper():
        raise failure("ValueError", f"time.parse: {value!r} is not RFC 3339, such as 2026-01-31T08:00:00Z")
    return moment.timestamp()


_INDENT = Optional(bool | dict | None)
FUNCTIONS = [
    function("default", lambda val, defaultVal: defaultVal if val is None else val, val=Any, defaultVal=Any),
    function(
        "if",  # null counts as false; both values were evaluated before
        lambda condition, ifTrue, ifFalse: ifTrue if condition else ifFalse,
        condition=bool | None,
        ifTrue=Any,
        ifFalse=Any,
    ),
    function("get_type", type_name, arg=Any),
    function("keys", list, map=dict),
    function("len", len, value=str | list | dict),
    function("int", _integer, x=str | int | float),
    function("double", _double, x=str | int | float),
    function("string", _string, x=Any),
    function("base64.decode", _base64_decode, data=str, padding=Optional(bool, True)),
    function("base64.encode", _base64_encode, data=bytes, padding=Optional(bool, True)),
    function("json.decode", lambda data: from_json(data, "json.decode"), data=bytes | str),
    function("json.encode", lambda data, indent: _json_text(data, indent).encode(), data=Any, indent=_INDENT),
    function("json.encode_to_string", _json_text, data=Any, indent=_INDENT),
    function("list.concat", lambda objs, val: [*objs, val], objs=list, val=Any),
    function("list.prepend", lambda objs, val: [val, *objs], objs=list, val=Any),
    function("map.delete", _map_delete, map=dict, key=str),
    function("map.get", _map_get, map=Any, keys=str | list),
    function("map.merge", lambda first, second: {**first, **second}, first=dict, second=dict),
    function("map.merge_nested", _map_merge_nested, first=dict, second=dict),
    function("math.abs", lambda x: bounded(abs(x)), x=Number),
    function("math.floor", _floor, x=Number),
    function("math.max", max, x=Number, y=Number),
    function("math.min", min, x=Number, y=Number),
    function("retry.always", lambda exception: True, exception=Any),  # noqa: ARG005  a predicate is given the error
    function("retry.never", lambda exception: False, exception=Any),  # noqa: ARG005
    function("sys.get_env", _get_env, with_execution=True, name=str, default=Optional(str | None)),
    function(
        "sys.log",
        _log,
        blocking=True,
        with_execution=True,
        data=Optional(Any),
        severity=Optional(str, "DEFAULT"),
        text=Optional(Any),
        json=Optional(dict | None),
        timeout=Optional(Number | None),
    ),
    function("sys.now", lambda execution: execution.clock.now(), with_execution=True),
    function("sys.sleep", _sleep, blocking=True, with_execution=True, seconds=Number),
    function("sys.sleep_until", _sleep_until, blocking=True, with_execution=True, time=str),
    function("time.format", _time_format, seconds=Number, timezone=Optional(str | None)),
    function("time.parse", _time_parse, value=str),
    function("uuid.generate", lambda: str(uuid.uuid4())),
]
