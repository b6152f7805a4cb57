"""The file as read: its value, its lines, its steps, and how a fault is written."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from biaac import files
from biaac.errors import PermanentError
from biaac.files import Location


@dataclass(frozen=True)
class Fault:
    """One thing wrong: where, the value there, what is expected."""

    file: Path
    line: int
    step: str | None
    field: str
    value: Any
    expected: str

    def __str__(self) -> str:
        step = f' step "{self.step}":' if self.step else ""
        value = "nothing" if self.value is None else _short(self.value)
        return f"{self.file}:{self.line}:{step} {self.field}: found {value}, expected {self.expected}"


@dataclass(frozen=True)
class Step:
    """One build step and its place in the file."""

    index: int
    value: dict[str, Any]

    @property
    def id(self) -> str:
        """Its id, or its number where it has none."""
        return str(self.value.get("id") or f"#{self.index}")

    @property
    def args(self) -> list[str]:
        """Its arguments; one string is one argument, as the service reads it."""
        return list(self.value.get("args") or [])

    @property
    def env(self) -> dict[str, str]:
        """Its own variables."""
        pairs = (entry.partition("=") for entry in self.value.get("env") or [])
        return {name: value for name, _, value in pairs}


@dataclass(frozen=True)
class Document:
    """A build file whose shape may still be wrong."""

    file: files.File[dict[str, Any]]

    @property
    def value(self) -> dict[str, Any]:
        """The build."""
        return self.file.value

    @cached_property
    def steps(self) -> list[Step]:
        """The steps in order; of use once the shape is right."""
        return [Step(index, value) for index, value in enumerate(self.value.get("steps") or [])]

    @property
    def options(self) -> dict[str, Any]:
        """The build's options."""
        return self.value.get("options") or {}

    def at(self, location: Location) -> Any:
        """The value at ``location``; None if there is none."""
        value: Any = self.value
        for part in location:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def fault(self, location: Location, expected: str, *, value: Any = None) -> Fault:
        """A fault at ``location``, by step where it is in one. ``value`` None: there is nothing."""
        step, rest = None, location
        if location[:1] == ("steps",) and len(location) > 1:
            step = str(self.at((*location[:2], "id")) or f"#{location[1]}")
            rest = location[2:]
        field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in rest).lstrip(".")
        return Fault(self.file.path, self.file.line(location), step, field or "file", value, expected)


def read(path: Path) -> Document:
    """Read a build file; ``PermanentError`` where it is no mapping, or gives a key twice."""
    file = files.read_yaml(path)
    if not isinstance(file.value, dict):
        raise PermanentError(file.fault((), f"found {_short(file.value)}, expected a mapping with steps"))
    return Document(file)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:97] + "..."
