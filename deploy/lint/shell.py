"""Every piece of shell that a step runs, inline or from a file of this repository, through shellcheck."""

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from biaac.files import Location
from biaac.settings import ROOT
from deploy.lint.document import Document, Fault
from deploy.lint.names import filled
from deploy.lint.steps import A_PROGRAM_OF_OURS


def check(document: Document) -> Iterator[Fault]:
    """Every complaint of shellcheck, at its step."""
    seen: set[str] = set()
    for step in document.steps:
        shell = step.value.get("entrypoint") in {"sh", "bash"}
        for index, argument in enumerate(step.args):
            at: Location = ("steps", step.index, "args", index)
            if shell and index and step.args[index - 1] == "-c":
                yield from _complaints(document, at, filled(argument))
            program = A_PROGRAM_OF_OURS.fullmatch(argument)
            path = ROOT / program[1] if program else None
            if path and path.is_file() and argument not in seen:
                seen.add(argument)
                if (text := path.read_text(errors="replace")).startswith("#!/bin/sh"):
                    yield from _complaints(document, at, text, f"{argument} ")


def _complaints(document: Document, at: Location, text: str, file: str = "") -> Iterator[Fault]:
    for complaint in _shellcheck(text):
        line = text.splitlines()[complaint["line"] - 1].strip()
        expected = f"shell without SC{complaint['code']} ({complaint['message']})"
        yield document.fault(at, expected, value=f"{file}line {complaint['line']}: {line}")


@cache
def _shellcheck(text: str) -> list[dict[str, Any]]:
    command = [str(Path(sys.executable).with_name("shellcheck")), "--shell", "sh", "--format", "json", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"shellcheck: {done.stderr.strip()}")
    complaints: list[dict[str, Any]] = json.loads(done.stdout)
    return complaints
