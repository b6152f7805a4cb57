"""A YAML (or JSON) file in which every key knows its line, so that an error can name it."""

import re
from pathlib import Path
from typing import Any

import yaml


class Refused(Exception):
    """A file cannot be used. The message names the file, the line, what is wrong and what to do."""


class Map(dict[str, Any]):
    """A mapping that knows its line and the line of each of its keys."""

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
    """The value of a file, in which each mapping is a ``Map``; ``Refused`` for a file that is not YAML."""
    try:
        node = yaml.compose(path.read_bytes().decode("utf-8"), Loader=_Loader)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise Refused(f"{path}: not UTF-8 at byte {error.start}") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Refused(f"{path}:{line}: not YAML: {error.problem}\n  next: edit {path}") from None
    except yaml.YAMLError as error:
        raise Refused(f"{path}: not YAML: {error}") from None
    if node is None:
        raise Refused(f"{path}: empty")
    return _value(path, node)


def _value(path: Path, node: yaml.Node) -> Any:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        return [_value(path, item) for item in node.value]
    if isinstance(node, yaml.ScalarNode):
        return _scalar(path, node, line)
    mapping = Map(line)
    for key_node, value_node in node.value:
        key_line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise Refused(f"{path}:{key_line}: a key must be text; put an expression with braces into quotes")
        key = key_node.value
        if key in mapping:
            raise Refused(f"{path}:{key_line}: {key!r} is there twice (first on line {mapping.lines[key]})")
        mapping[key] = _value(path, value_node)
        mapping.lines[key] = key_line
    return mapping


def _scalar(path: Path, node: yaml.ScalarNode, line: int) -> Any:
    kind = node.tag.rpartition(":")[2]
    if kind == "null":
        return None
    if kind == "bool":
        return node.value.lower() == "true"
    if kind in ("int", "float"):
        return int(node.value) if kind == "int" else float(node.value)
    if kind != "str":
        raise Refused(f"{path}:{line}: the YAML tag {node.tag} is not supported")
    return node.value
