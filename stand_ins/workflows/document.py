"""YAML (or JSON) as the service reads it, with the line of every key kept for error messages."""

import re
from pathlib import Path
from typing import Any

import yaml

from stand_ins.workflows.errors import Refused

MAX_SOURCE = 128 * 1024  # bytes: https://cloud.google.com/workflows/quotas


class Map(dict[str, Any]):
    """A mapping that knows the line of each of its keys."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}


class _Loader(yaml.SafeLoader):
    """Scalars by YAML 1.2's core schema: a date stays text, and only true and false are booleans."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))


def load(path: Path) -> Any:
    """The value of a file: maps are ``Map``; ``Refused`` names file and line of what is not YAML."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from None
    if len(data) > MAX_SOURCE:
        raise Refused(f"{path}: {len(data)} bytes, the limit of a workflow is {MAX_SOURCE}")
    try:
        node = yaml.compose(data.decode("utf-8"), Loader=_Loader)
    except UnicodeDecodeError as error:
        raise Refused(f"{path}: not UTF-8 at byte {error.start}") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Refused(f"{path}:{line}: not YAML: {error.problem}", hint=f"edit {path}") from None
    except yaml.YAMLError as error:
        raise Refused(f"{path}: not YAML: {error}") from None
    if node is None:
        raise Refused(f"{path}: empty; a workflow has at least one step")
    return _value(path, node)


def _value(path: Path, node: yaml.Node) -> Any:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        return [_value(path, item) for item in node.value]
    if isinstance(node, yaml.ScalarNode):
        return _scalar(path, node, line)
    found = Map(line)
    for key_node, value_node in node.value:
        key_line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise Refused(f"{path}:{key_line}: a key must be text; put an expression with braces into quotes")
        key = key_node.value
        if key in found:
            raise Refused(f"{path}:{key_line}: {key!r} is there twice (first on line {found.lines[key]})")
        found[key] = _value(path, value_node)
        found.lines[key] = key_line
    return found


def _scalar(path: Path, node: yaml.ScalarNode, line: int) -> Any:
    kind = node.tag.rpartition(":")[2]
    if kind == "null":
        return None
    if kind == "bool":
        return node.value.lower() == "true"
    if kind in ("int", "float"):
        return int(node.value) if kind == "int" else float(node.value)
    if kind != "str":
        raise Refused(f"{path}:{line}: the YAML tag {node.tag} is not part of a workflow")
    return node.value
