"""Every command explains itself, and whatever the project tells a person to type is there."""

import ast
import re
import shlex
from collections.abc import Iterator

import pytest
import typer
from typer._click.exceptions import UsageError
from typer.core import TyperCommand, TyperGroup

from biaac.settings import ROOT
from cli.main import app

FOLDERS = ["biaac", "cache_service", "cli", "functions", "ingestion", "laptop", "transform", "superset", "docs"]
ROOMS = [*FOLDERS[:-1], "deploy"]
MENTION = re.compile(r"""[`"](?:bin/)?biaac ([a-z]+)(?: ([a-z]+))?""")
NEXT = re.compile(r"(?:bin/)?biaac ([a-z]+(?: [\w./-]+)*)")
Command = TyperCommand | TyperGroup
root = typer.main.get_command(app)


def commands(command: Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Command]]:
    if path:
        yield path, command
    if isinstance(command, TyperGroup):
        for name, child in command.commands.items():
            yield from commands(child, (*path, name))


COMMANDS = dict(commands(root))
LEAVES = {path: c for path, c in COMMANDS.items() if not isinstance(c, TyperGroup) or c.invoke_without_command}


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_command_says_what_it_is_for_and_what_each_parameter_means(path: tuple[str, ...]) -> None:
    command = COMMANDS[path]
    assert command.help
    for parameter in command.params:
        assert getattr(parameter, "help", None), f"{' '.join(path)}: {parameter.name} is not explained"


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_the_example_of_a_command_is_one_it_accepts(path: tuple[str, ...]) -> None:
    found = re.search(r"Example: biaac (.+)", LEAVES[path].help or "")
    assert found, f"biaac {' '.join(path)} --help has no example"
    words = shlex.split(found[1])
    assert tuple(words[: len(path)]) == path
    LEAVES[path].make_context(path[-1], words[len(path) :])  # raises a usage error where it does not parse


def hints() -> Iterator[tuple[str, str]]:
    """Each command that a message of the product names as the next one, and where; ``X`` stands for a value."""
    for path in (path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))):
        tree = ast.parse(path.read_text())
        values = [node.value for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "hint"]
        in_hints = {id(node) for value in values for node in ast.walk(value)}
        inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            if isinstance(node, (ast.JoinedStr, ast.Constant)) and id(node) not in inside:
                text = rendered(node)
                told = text if id(node) in in_hints else text.partition("next: ")[2]
                yield from ((command, f"{path}:{node.lineno}") for command in NEXT.findall(told))


def rendered(node: ast.JoinedStr | ast.Constant) -> str:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in parts)


def test_what_a_message_names_as_the_next_command_runs() -> None:
    commands = set(hints())
    assert len(commands) > 30, "the pattern still finds them"
    assert {(words, place): fault for words, place in commands if (fault := refused(words))} == {}


def refused(words: str) -> str | None:
    """Why the command line does not take these words; None where it does."""
    line = shlex.split(words)
    path = next((tuple(line[:count]) for count in (2, 1) if tuple(line[:count]) in COMMANDS), None)
    if path is None or path not in LEAVES:
        return "no such command"
    try:
        LEAVES[path].make_context(path[-1], line[len(path) :])
    except UsageError as error:
        return error.format_message()
    return None


def test_what_the_project_tells_a_person_to_type_is_there() -> None:
    files = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")]
    for folder in FOLDERS:
        files += [p for p in (ROOT / folder).rglob("*") if p.suffix in {".py", ".md", ".yaml", ".toml"}]
    mentions = [(path, found) for path in files for found in MENTION.findall(path.read_text())]
    assert len(mentions) > 20, "the pattern still finds what the project says"
    assert [f"{path}: biaac {' '.join(words)}" for path, words in mentions if not _known(*words)] == []


def _known(first: str, second: str) -> bool:
    """A noun with its verb, or a command that takes the second word as its argument."""
    if (first, second) == ("cache", "service"):
        return True  # how the cache service introduces itself to clients
    command = COMMANDS.get((first,))
    if isinstance(command, TyperGroup) and second:
        return (first, second) in COMMANDS
    return command is not None
