"""The shape: every key and value against ``google.devtools.cloudbuild.v1.Build``, the API's own message definition."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from google.cloud.devtools import cloudbuild_v1
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from biaac.files import Location
from deploy.lint.document import Document, Fault

BUILD = cloudbuild_v1.Build.pb(cloudbuild_v1.Build())
DURATION = re.compile(r"\d+(\.\d{1,9})?s")

# In the message, but written by the service, or by whoever starts the build; a file that sets them is refused or lies.
NOT_FOR_FILES = {
    "google.devtools.cloudbuild.v1.Build": {
        *("name", "id", "projectId", "status", "statusDetail", "source", "results", "createTime", "startTime"),
        *("finishTime", "sourceProvenance", "buildTriggerId", "logUrl", "timing", "approval", "warnings"),
        *("failureInfo", "secrets"),
    },
    "google.devtools.cloudbuild.v1.BuildStep": {"timing", "pullTiming", "status", "exitCode"},
    "google.devtools.cloudbuild.v1.BuildOptions": {"resolvedWorkerRelease", "workerPool"},
}


def check(document: Document) -> list[Fault]:
    """Every key that does not exist and every value of a wrong kind."""
    faults = list(_message(document, BUILD.DESCRIPTOR, document.value, ()))
    if not faults:
        try:  # the library has the last word: what it refuses, the API refuses
            json_format.ParseDict(document.value, cloudbuild_v1.Build.pb(cloudbuild_v1.Build()))
        except json_format.ParseError as error:
            faults.append(document.fault((), "what the API can read", found=str(error)))
    return faults


def _message(document: Document, kind: Descriptor, value: Any, at: Location) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield document.fault(at, f"a mapping ({kind.name})", found=value)
        return
    known = {field.camelcase_name: field for field in kind.fields}
    allowed = known.keys() - NOT_FOR_FILES.get(kind.full_name, set())
    for key, child in value.items():
        here = (*at, key)
        if key not in allowed:
            near = get_close_matches(str(key), allowed, n=1)
            expected = f"a field of {kind.name}" + (
                f", such as {near[0]}" if near else f": {', '.join(sorted(allowed))}"
            )
            yield document.fault(
                here, expected if key not in known else "no such line: it is not a file's to set", found=key
            )
        elif child is None:
            yield document.fault(here, "a value, or no such line")
        else:
            yield from _field(document, known[key], child, here)


def _field(document: Document, field: FieldDescriptor, value: Any, at: Location) -> Iterator[Fault]:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        if not isinstance(value, dict):
            yield document.fault(at, "a mapping of names to texts", found=value)
            return
        for key, child in value.items():
            if not isinstance(key, str):
                yield document.fault((*at, key), "a text as name", found=key)
            yield from _single(document, field.message_type.fields_by_name["value"], child, (*at, key))
    elif field.is_repeated:
        if not isinstance(value, list):
            yield document.fault(at, "a list", found=value)
            return
        for index, child in enumerate(value):
            yield from _single(document, field, child, (*at, index))
    else:
        yield from _single(document, field, value, at)


def _single(document: Document, field: FieldDescriptor, value: Any, at: Location) -> Iterator[Fault]:
    if field.message_type is not None:
        if field.message_type.full_name in {"google.protobuf.Duration", "google.protobuf.Timestamp"}:
            if not isinstance(value, str) or not DURATION.fullmatch(value):
                yield document.fault(at, "seconds as text, such as 600s", found=value)
        else:
            yield from _message(document, field.message_type, value, at)
    elif field.enum_type is not None:
        names = [name for name in field.enum_type.values_by_name if not name.endswith("_UNSPECIFIED")]
        if value not in names:
            yield document.fault(at, f"one of {', '.join(names)}", found=value)
    elif field.type == FieldDescriptor.TYPE_STRING:
        if not isinstance(value, str):
            yield document.fault(at, "a text (in quotes, if it looks like a number or a truth)", found=value)
    elif field.type == FieldDescriptor.TYPE_BOOL:
        if not isinstance(value, bool):
            yield document.fault(at, "true or false", found=value)
    elif isinstance(value, bool) or not re.fullmatch(r"\d+", str(value)):
        yield document.fault(at, "a whole number", found=value)
