"""The fields of a request or an event; ``PermanentError`` says what came instead."""

import flask
from cloudevents.http import CloudEvent

from biaac.errors import PermanentError


def field(request: flask.Request, name: str) -> str:
    """A text field of a JSON body."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise PermanentError(f'the body is not a JSON object; expected {{"{name}": ...}}')
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise PermanentError(f'"{name}": expected a text, found {value!r}')
    return value


def event_object(event: CloudEvent) -> tuple[str, str]:
    """Bucket and name of the object a finalize event is about."""
    data = event.data
    bucket, name = (data.get("bucket"), data.get("name")) if isinstance(data, dict) else (None, None)
    if not isinstance(bucket, str) or not isinstance(name, str):
        raise PermanentError(f"event {event['id']} names no object: expected bucket and name, found {str(data)[:200]}")
    return bucket, name
