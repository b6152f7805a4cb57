"""Every piece of shell that a step runs, inline or from a file of this repository, through shellcheck."""

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from biaac.files import Location
from deploy.lint.document import Document, Fault, Step
from deploy.lint.names import filled
from deploy.lint.steps import A_PROGRAM_OF_OURS

SHELLS = {"sh", "bash", "dash", "/bin/sh", "/bin/bash", "/usr/bin/bash"}


def check(document: Document) -> Iterator[Fault]:
    """Every complaint of shellcheck, at its step."""
    looked_at: set[Path] = set()
    for step in document.steps:
        for location, text, shell in inline(step):
            yield from _complaints(document, location, text, shell, "")
        for index, argument in enumerate([step.value.get("entrypoint", ""), *step.args]):
            program = A_PROGRAM_OF_OURS.fullmatch(argument)
            path = document.root / program[1] if program else None
            if path is None or path in looked_at or not path.is_file():
                continue
            looked_at.add(path)
            text = path.read_text(errors="replace")
            at = ("steps", step.index, "args", index - 1) if index else ("steps", step.index, "entrypoint")
            if shell := _shell_of(text):
                yield from _complaints(document, at, text, shell, f"{argument} ")


def inline(step: Step) -> Iterator[tuple[Location, str, str]]:
    """Place, text as the container gets it, and shell, of each program written in the build file itself."""
    at: Location = ("steps", step.index)
    script = step.value.get("script")
    if script is not None:
        if shell := _shell_of(script) or ("sh" if not script.startswith("#!") else ""):
            yield (*at, "script"), script, shell
    elif step.value.get("entrypoint") in SHELLS:
        for index, argument in enumerate(step.args):
            if argument.startswith("-") and argument.endswith("c") and not argument.startswith("--"):
                if index + 1 < len(step.args):
                    shell = step.value["entrypoint"].rpartition("/")[2]
                    yield (*at, "args", index + 1), filled(step.args[index + 1]), shell
                return


def _shell_of(text: str) -> str:
    """The shell that a first line ``#!`` asks for; empty for another language or no such line."""
    first = text.split("\n", 1)[0]
    words = first.removeprefix("#!").replace("/", " ").split() if first.startswith("#!") else []
    return next((word for word in words if word in {"sh", "bash", "dash"}), "")


def _complaints(document: Document, at: Location, text: str, shell: str, file: str) -> Iterator[Fault]:
    lines = text.splitlines()
    for complaint in _shellcheck(text, shell):
        line = lines[complaint["line"] - 1].strip() if complaint["line"] <= len(lines) else ""
        expected = f"shell without SC{complaint['code']} ({complaint['message']})"
        yield document.fault(at, expected, found=f"{file}line {complaint['line']}: {line}")


@cache
def _shellcheck(text: str, shell: str) -> list[dict[str, Any]]:
    program = Path(sys.executable).with_name("shellcheck")
    command = [str(program), "--shell", shell, "--format", "json", "--severity", "style", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"shellcheck: {done.stderr.strip()}")
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found
