"""The shape: the whole file as ``google.devtools.cloudbuild.v1.Build``, the API's own message."""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from google.cloud.devtools import cloudbuild_v1
from google.protobuf import json_format

from biaac.files import Location
from deploy.lint.document import Document, Fault

UNKNOWN = re.compile(r'has no field named "(?P<key>[^"]+)" at "(?P<place>[^"]+)"')
PLACE = re.compile(r"(?P<text>[^:]+(?:: [^:]+)?) at (?P<place>Build\S*?)\.*$")
FIELD = re.compile(r"Failed to parse (\w+) field: ")
# In the message, but written by the service; a file that sets them is refused or lies.
OF_THE_SERVICE = {
    *("id", "projectId", "status", "statusDetail", "source", "results", "createTime", "startTime", "finishTime"),
    *("sourceProvenance", "buildTriggerId", "logUrl", "timing", "approval", "warnings", "failureInfo", "secrets"),
}


def check(document: Document) -> Iterator[Fault]:
    """The first thing that the API's own library refuses, and keys that are not a file's to set."""
    for key in OF_THE_SERVICE & document.value.keys():
        yield document.fault((key,), "no such line: the service writes it", value=key)
    try:
        json_format.ParseDict(document.value, cloudbuild_v1.Build.pb(cloudbuild_v1.Build()))
    except json_format.ParseError as error:
        yield _translated(document, str(error))


def _translated(document: Document, text: str) -> Fault:
    """A fault with its place, from the library's message."""
    if unknown := UNKNOWN.search(text):
        allowed = re.findall(r"'(\w+)'", text.partition("Available Fields")[2])
        near = get_close_matches(unknown["key"], allowed, n=1)
        expected = f"a field, such as {near[0]}" if near else f"one of {', '.join(allowed)}"
        return document.fault((*_location(unknown["place"]), unknown["key"]), expected, value=unknown["key"])
    fields, message = FIELD.findall(text), FIELD.sub("", text)
    if place := PLACE.search(message):
        location = _location(place["place"])
        if fields[-1] not in location:  # the library names the message, and the field before it
            location = (*location, fields[-1])
        return document.fault(location, place["text"].strip(), value=document.at(location))
    return document.fault(tuple(fields[:1]), message.rstrip("."), value=document.at(tuple(fields[:1])))


def _location(place: str) -> Location:
    parts = re.findall(r"\w+", place.removeprefix("Build"))
    return tuple(int(part) if part.isdigit() else part for part in parts)
