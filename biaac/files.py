"""Files a user writes: YAML checked by a pydantic model, with errors that name file, line, value and expectation."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from biaac.errors import PermanentError

Model = TypeVar("Model", bound=BaseModel)


def load(path: Path, model: type[Model]) -> Model:
    """Read ``path`` as ``model``; raise one ``PermanentError`` that lists every fault as ``file:line: field: ...``."""
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        value = yaml.safe_load(text)
    except OSError as error:
        raise PermanentError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise PermanentError(f"{path}: not UTF-8 at byte {error.start}", hint=f"save {path} as UTF-8") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 1
        raise PermanentError(f"{path}:{line}: not YAML: {error.problem}", hint=f"edit {path}") from None
    try:
        return model.model_validate(value)
    except ValidationError as error:
        faults = [_fault(path, node, fault) for fault in error.errors(include_url=False)]
        raise PermanentError("\n".join(faults), hint=f"edit {path}") from None


def _fault(path: Path, node: yaml.Node | None, fault: Any) -> str:
    """One line for one fault: where, which field, what was expected, what was found."""
    location = fault["loc"]
    field = ".".join(str(part) for part in location) or "file"
    message = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "missing":
        return f"{path}:{line_of(node, location)}: {field}: missing"
    return f"{path}:{line_of(node, location)}: {field}: {message}, found {_short(fault['input'])}"


def line_of(node: yaml.Node | None, location: tuple[int | str, ...]) -> int:
    """The line (from 1) of the deepest part of ``location`` that the file has."""
    line = node.start_mark.line + 1 if node is not None else 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            for key, child in node.value:
                if key.value == str(part):
                    line, node = key.start_mark.line + 1, child
                    break
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
