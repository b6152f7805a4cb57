"""The commands that our pages print, taken apart as a shell takes them, and judged without running them."""

import re
import shlex
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path

from typer.testing import CliRunner

from biaac.settings import ROOT
from cli.main import app
from tests.operations.gcloud_table import COMMANDS, EVERYWHERE

OURS = {"bin", "connections", "docs", "sqlmesh_project", "superset", "terraform", "tests"}
BETWEEN = {"&&", "||", "|", ";"}
PLAIN = {".", "cp", "curl", "cut", "grep", "jq", "mkdir", "rm", "tail", "true"}  # of any machine
TERRAFORM = {"apply", "destroy", "init", "output", "plan"}
VARIABLE = re.compile(r'^variable "(\w+)"', re.MULTILINE)
OUTPUT = re.compile(r'^output "(\w+)"', re.MULTILINE)


def simple_commands(block: str) -> Iterator[list[str]]:
    """Every simple command of a block, in order, without its redirections."""
    for line in block.splitlines():
        words: list[str] = []
        for word in [*shlex.split(line, comments=True), ";"]:
            if word in BETWEEN:
                if words:
                    yield words[: words.index(">")] if ">" in words else words
                words = []
            else:
                words.append(word)


def fault(words: list[str]) -> str | None:
    """What is wrong with a command; None if nothing that can be known here is."""
    program, *arguments = words
    if program in JUDGES:
        return JUDGES[program](arguments)
    ours = ROOT / program
    runs = program in PLAIN or (program.startswith("bin/") and ours.is_file() and ours.stat().st_mode & 0o100)
    return None if runs else f"{program} is no program that a page may ask for"


def biaac(arguments: list[str]) -> str | None:
    """Whether the command line has this command and its flags; nothing is done."""
    words = list(takewhile(lambda each: not each.startswith("-"), arguments))
    asked = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    if asked.exit_code:
        return f"biaac {' '.join(arguments)}: {asked.output}"
    unknown = [each for each in arguments if each.startswith("--") and each.partition("=")[0] not in asked.output]
    return f"biaac {' '.join(arguments)}: no flag {unknown[0]}" if unknown else None


def _make(arguments: list[str]) -> str | None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    unknown = [each for each in arguments if "=" not in each and each not in targets]
    return f"make {unknown[0]}: no such target" if unknown else None


def _gcloud(arguments: list[str]) -> str | None:
    name = max((each for each in COMMANDS if arguments[: len(each.split())] == each.split()), key=len, default=None)
    if name is None:
        return f"gcloud {' '.join(arguments)}: not in the table"
    least, most, flags = COMMANDS[name]
    rest = arguments[len(name.split()) :]
    asked = {each.partition("=")[0] for each in rest if each.startswith("--")}
    if unknown := sorted(asked - flags - EVERYWHERE):
        return f"gcloud {name}: no flag {unknown[0]}"
    given = [each for each in rest if not each.startswith("--")]
    if len(given) < least or (most is not None and len(given) > most):
        return f"gcloud {name}: {len(given)} arguments, expected {least} to {most}"
    return None


def _terraform(arguments: list[str]) -> str | None:
    chdir = arguments[0].removeprefix("-chdir=")
    folder = ROOT / chdir
    if not arguments[0].startswith("-chdir=") or not (folder / "main.tf").is_file():
        return f"terraform {arguments[0]}: -chdir= with a folder of terraform/ comes first"
    command, *rest = arguments[1:]
    if command not in TERRAFORM:
        return f"terraform {command}: not a command that a page may ask for"
    source = "\n".join(path.read_text() for path in folder.glob("*.tf"))
    if command == "output":
        (name,) = [each for each in rest if not each.startswith("-")]
        return None if name in OUTPUT.findall(source) else f"terraform output {name}: {chdir} has no such output"
    for flag in rest:
        if flag.startswith("-var=") and (name := flag.split("=")[1]) not in VARIABLE.findall(source):
            return f"terraform {flag}: {chdir} has no such variable"
    return None


JUDGES: dict[str, Callable[[list[str]], str | None]] = {
    "bin/biaac": biaac,
    "gcloud": _gcloud,
    "make": _make,
    "terraform": _terraform,
}


def named_in(text: str) -> Iterator[str]:
    """Paths of this repository that a page names in backquotes."""
    for word in re.findall(r"`((?:[\w.-]+/)+[\w.*-]*)`", text):
        if word.partition("/")[0] in OURS:
            yield word


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """Files of this repository that a page links to, and the heading in them, if it names one."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if not target.startswith("http"):
            path, _, heading = target.partition("#")
            yield (page.parent / path).resolve() if path else page, heading


def headings(page: Path) -> set[str]:
    """Anchors of a page, as GitHub makes them."""
    found = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in found}


def substitutions(word: str) -> dict[str, str]:
    """``--substitutions=_A=x,_B=y`` as a dictionary."""
    return dict(pair.split("=", 1) for pair in word.removeprefix("--substitutions=").split(","))
