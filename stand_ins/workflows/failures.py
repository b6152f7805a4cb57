"""How an execution fails: by an error that its workflow may catch, or because it was cancelled."""

import json
from typing import Any, NamedTuple

PARENTS = {"KeyError": "LookupError", "IndexError": "LookupError", "ConnectionFailedError": "ConnectionError"}


class Cancelled(Exception):
    """The execution was cancelled; no ``except`` of a workflow catches this."""


class Place(NamedTuple):
    """A step that an error passed on its way up: one for each routine on the call stack."""

    routine: str
    step: str
    line: int


class WorkflowError(Exception):
    """What ``raise`` raises and ``except`` catches: a string or a map.

    https://cloud.google.com/workflows/docs/reference/syntax/error-types
    """

    def __init__(self, payload: Any) -> None:
        super().__init__(payload)
        self.payload = payload
        self.places: list[Place] = []
        self._frame: object = None

    def passed(self, frame: object, place: Place) -> None:
        """Note the innermost step of each routine that the error leaves."""
        if frame is not self._frame:
            self._frame = frame
            self.places.append(place)

    @property
    def context(self) -> str:
        """The text the API shows as ``Execution.error.context``."""
        lines = [f'in step "{place.step}", routine "{place.routine}", line: {place.line}' for place in self.places]
        return "\n".join([self.message, *lines])

    @property
    def message(self) -> str:
        """One line for people."""
        if isinstance(self.payload, dict) and isinstance(self.payload.get("message"), str):
            return str(self.payload["message"])
        return f"RuntimeError: {json.dumps(self.payload, ensure_ascii=False, default=repr)}"


def failure(tag: str, message: str, **more: Any) -> WorkflowError:
    """A built-in error: a map with ``message``, ``tags`` and the other keys that its documentation names.

    >>> raise failure("KeyError", "key not found: x")
    """
    tags = [tag, PARENTS[tag]] if tag in PARENTS else [tag]
    return WorkflowError({"message": f"{tag}: {message}", "tags": tags, **more})
