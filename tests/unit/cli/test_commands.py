"""Every command explains itself, and whatever the project tells a person to type is there."""

import re
import shlex
from collections.abc import Iterator

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from biaac.settings import ROOT
from cli.main import app

FOLDERS = ["biaac", "cache_service", "cli", "functions", "ingestion", "laptop", "transform", "superset", "docs"]
MENTION = re.compile(r"""[`"](?:bin/)?biaac ([a-z]+)(?: ([a-z]+))?""")
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
