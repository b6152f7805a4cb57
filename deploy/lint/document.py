"""The file as read: its value, its lines, its steps, and how a fault is told."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from biaac.files import line_of
from biaac.settings import ROOT

Location = tuple[int | str, ...]


@dataclass(frozen=True)
class Fault:
    """One thing wrong: where, what was found, what is expected."""

    file: Path
    line: int
    step: str | None
    field: str
    found: Any
    expected: str

    def __str__(self) -> str:
        step = f' step "{self.step}":' if self.step else ""
        found = self.found if isinstance(self.found, str) and self.found == "nothing" else _short(self.found)
        return f"{self.file}:{self.line}:{step} {self.field}: found {found}, expected {self.expected}"


class NotReadable(Exception):
    """The file is no YAML mapping; carries the one fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


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

    path: Path
    node: yaml.Node
    value: dict[str, Any]

    @property
    def root(self) -> Path:
        """The checkout the build runs in, wherever the file lies."""
        return ROOT

    @cached_property
    def steps(self) -> list[Step]:
        """The steps in order; of use once the shape is right."""
        return [Step(index, value) for index, value in enumerate(self.value.get("steps") or [])]

    @property
    def options(self) -> dict[str, Any]:
        """The build's options."""
        return self.value.get("options") or {}

    def fault(self, location: Location, expected: str, *, found: Any = "nothing") -> Fault:
        """A fault at ``location``, told by step where it is in one."""
        step, rest = None, location
        if location[:1] == ("steps",) and len(location) > 1:
            steps = self.value.get("steps")
            value = steps[location[1]] if isinstance(steps, list) and isinstance(location[1], int) else None
            step = str(value.get("id", f"#{location[1]}")) if isinstance(value, dict) else f"#{location[1]}"
            rest = location[2:]
        field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in rest).lstrip(".")
        return Fault(self.path, line_of(self.node, location), step, field or "file", found, expected)


def read(path: Path) -> Document:
    """Read a build file; ``NotReadable`` for what is no mapping, or gives one key twice."""

    def unreadable(line: int, found: Any, expected: str) -> NotReadable:
        return NotReadable(Fault(path, line, None, "file", found, expected))

    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        value = yaml.safe_load(text)
    except OSError as error:
        raise unreadable(1, error.strerror, "a file that can be read") from None
    except UnicodeDecodeError as error:
        raise unreadable(1, f"byte {error.start} that is not UTF-8", "UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise unreadable(line, error.problem, "YAML") from None
    if node is None or not isinstance(value, dict):
        raise unreadable(1, value if value is None else type(value).__name__, "a mapping with steps")
    for key in _twice(node):
        raise unreadable(key.start_mark.line + 1, f"the key {key.value!r} twice", "each key once")
    return Document(path, node, value)


def _twice(node: yaml.Node) -> Iterator[yaml.Node]:
    """Keys given twice in one mapping: YAML's readers keep the last in silence."""
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, child in node.value:
            if key.value in seen:
                yield key
            seen.add(key.value)
            yield from _twice(child)
    elif isinstance(node, yaml.SequenceNode):
        for child in node.value:
            yield from _twice(child)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:97] + "..."
