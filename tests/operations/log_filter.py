"""Cloud Logging's query language, as much of it as terraform/modules/monitoring uses, and how a line becomes an entry.

A filter is comparisons joined by AND: ``a.b.c="text"``, ``severity>=ERROR``. Whatever else the language knows is
refused by name, so that a filter is never judged by a rule that this reader does not have.
Reference: cloud.google.com/logging/docs/view/logging-query-language, .../logging/docs/structured-logging.
"""

import json
import re
from typing import Any

SEVERITIES = ["DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY"]
COMPARISON = re.compile(r'([a-zA-Z_][\w.]*)\s*(=|>=)\s*("(?:[^"\\]|\\.)*"|[A-Z]+)')
LIFTED = ("severity", "time")  # taken out of a line's JSON into fields of the entry; message stays

Entry = dict[str, Any]


def entry(line: str, resource_type: str, **labels: str) -> Entry:
    """What Cloud Logging makes of a line on standard output or error of a container."""
    made: Entry = {"resource": {"type": resource_type, "labels": labels}, "severity": "DEFAULT"}
    try:
        payload = json.loads(line)
    except json.JSONDecodeError:
        payload = None
    if not isinstance(payload, dict):
        return {**made, "textPayload": line}
    made["severity"] = payload.get("severity", "DEFAULT")
    made["jsonPayload"] = {name: value for name, value in payload.items() if name not in LIFTED}
    return made


def comparisons(text: str) -> list[tuple[str, str, str]]:
    """Field, operator and value of each part of a filter."""
    found = []
    for part in text.split(" AND "):
        match = COMPARISON.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"not a comparison that this reader knows: {part!r}")
        found.append((match[1], match[2], match[3].strip('"')))
    return found


def matches(text: str, logged: Entry) -> bool:
    """Whether the filter ``text`` takes the entry."""
    return all(_holds(_value(logged, field), operator, value) for field, operator, value in comparisons(text))


def _value(logged: Entry, field: str) -> Any:
    value: Any = logged
    for name in field.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _holds(found: Any, operator: str, value: str) -> bool:
    if operator == ">=":
        if value not in SEVERITIES:
            raise ValueError(f">= is known of severities only, found {value}")
        return found is not None and SEVERITIES.index(found) >= SEVERITIES.index(value)
    return isinstance(found, str) and found.lower() == value.lower()  # the language ignores case in =
