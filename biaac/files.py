"""Files that people write: YAML read by a pydantic model, with errors that name file, line, value and expectation.

    file = files.read(path, Connection)             PermanentError lists every fault as "file:line: field: ..."
    file.value.owner                                the model
    file.fault(("owner",), "nobody has that name")  "file:line: owner: nobody has that name", for a check made later

A key may be given once in a mapping. If ``<<: *defaults`` has it too, the mapping's own value counts.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from biaac.errors import PermanentError

Value = TypeVar("Value")
Model = TypeVar("Model", bound=BaseModel)
Location = tuple[int | str, ...]  # keys and indices, such as ("layout", 0, "row")


@dataclass(frozen=True)
class File(Generic[Value]):
    """A file as read: its value, and the line of each of its parts."""

    path: Path
    value: Value
    node: yaml.Node | None

    def line(self, location: Location) -> int:
        """The line (from 1) of the deepest part of ``location`` that the file has."""
        node = self.node
        line = node.start_mark.line + 1 if node is not None else 1
        for part in location:
            if isinstance(node, yaml.MappingNode):
                for key, child in reversed(node.value):  # merged keys stand first: the last is the one that counts
                    if key.value == str(part):
                        line, node = key.start_mark.line + 1, child
                        break
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
                line = node.start_mark.line + 1
        return line

    def fault(self, location: Location, message: str) -> str:
        """One line for one fault: ``file:line: field: message``."""
        field = ".".join(str(part) for part in location) or "file"
        return f"{self.path}:{self.line(location)}: {field}: {message}"


def load(path: Path, model: type[Model]) -> Model:
    """The value of one file; raises as ``read`` does."""
    return read(path, model).value


def read(path: Path, model: type[Model]) -> File[Model]:
    """One file by its model; one ``PermanentError`` lists all its faults."""
    file = read_yaml(path)
    try:
        value = model.model_validate(file.value)
    except ValidationError as error:
        faults = [file.fault(fault["loc"], _message(fault)) for fault in error.errors(include_url=False)]
        raise PermanentError("\n".join(faults), hint=f"edit {path}") from None
    return File(path, value, file.node)


def read_all(folder: Path, model: type[Model]) -> tuple[dict[str, File[Model]], list[str]]:
    """Every valid ``*.yaml`` of ``folder`` by its name without the ending, and the faults of all others."""
    valid: dict[str, File[Model]] = {}
    faults: list[str] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            valid[path.stem] = read(path, model)
        except PermanentError as error:
            faults.append(error.message)
    return valid, faults


def read_yaml(path: Path) -> File[Any]:
    """One file that has no model; ``PermanentError`` where it is not YAML, or gives a key twice."""
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        faults = [f"{path}:{line}: {message}" for line, message in sorted(loader.given_twice)]
        value = loader.construct_document(node) if node is not None and not faults else None
    except OSError as error:
        raise PermanentError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise PermanentError(f"{path}: not UTF-8 at byte {error.start}", hint=f"save {path} as UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PermanentError(f"{path}:{line}: not YAML: {error.problem}", hint=f"edit {path}") from None
    except yaml.YAMLError as error:  # a character that YAML does not allow: its position is in the text
        raise PermanentError(f"{path}: not YAML: {error}", hint=f"edit {path}") from None
    if faults:
        raise PermanentError("\n".join(faults), hint=f"edit {path}")
    return File(path, value, node)


class _Loader(yaml.SafeLoader):
    """PyYAML's own, but it notes keys given twice, and a value that its type cannot hold has a line."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.given_twice: list[tuple[int, str]] = []  # line and message of each: PyYAML keeps the last in silence

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Called by PyYAML for every mapping of a file."""
        node = super().compose_mapping_node(anchor)
        lines: dict[tuple[str, str], int] = {}
        for key, _ in node.value:
            name, line = (key.tag, str(key.value)), key.start_mark.line + 1
            if name in lines:
                self.given_twice.append((line, f"{key.value} is given twice, first in line {lines[name]}"))
            lines.setdefault(name, line)
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Called by PyYAML for every part of a file; ``2017-02-30`` is no date."""
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            raise yaml.MarkedYAMLError(problem=str(error), problem_mark=node.start_mark) from None


def _message(fault: Any) -> str:
    if fault["type"] == "missing":
        return "missing"
    return f"{fault['msg'].removeprefix('Value error, ')}, found {_short(fault['input'])}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
