"""What a step's image can start, and what the programs of this repository ask to be given."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from deploy.lint.document import Document, Fault, Step
from deploy.lint.steps import A_PROGRAM_OF_OURS

TERRAFORM = "apply console destroy fmt force-unlock get graph import init output plan providers refresh show state"
DOCKER = "build buildx compose cp create exec export image images inspect load login logout logs pull push rm rmi run"


class Image(NamedTuple):
    """An image whose content is known: what it starts when no entrypoint is given, and what else it holds."""

    starts: str
    programs: frozenset[str]


IMAGES = {
    "python": Image("python3", frozenset({"bash", "git", "make", "python", "python3", "sh"})),
    "hashicorp/terraform": Image("terraform", frozenset({"git", "sh", "terraform"})),
    "gcr.io/cloud-builders/docker": Image("docker", frozenset({"bash", "docker", "sh"})),
}
WORDS = {
    "terraform": {*TERRAFORM.split(), "taint", "test", "untaint", "validate", "version", "workspace"},
    "docker": {*DOCKER.split(), "save", "stop", "tag", "version", "volume"},
}
ASKED = re.compile(r"\$\{([A-Z][A-Z0-9_]*):?\?")  # ${NAME:?why}: the program ends without it


def check(document: Document) -> Iterator[Fault]:
    """Every step that its image cannot start, or whose program would end at once."""
    pinned: dict[str, str] = {}
    for step in document.steps:
        name = str(step.value.get("name", ""))
        first = pinned.setdefault(repository(name), name)
        if name != first:
            expected = f"{first}, as another step has it: one image, one digest"
            yield document.fault(("steps", step.index, "name"), expected, found=name)
        if "script" not in step.value:
            yield from _start(document, step)
            yield from _asked(document, step)


def repository(image: str) -> str:
    """``python`` of ``python:3.11@sha256:...``."""
    return re.sub(r":[\w.-]+$", "", image.partition("@")[0])


def _start(document: Document, step: Step) -> Iterator[Fault]:
    image = IMAGES.get(repository(str(step.value.get("name", ""))))
    at = ("steps", step.index)
    entrypoint = step.value.get("entrypoint")
    if image and entrypoint and entrypoint.rpartition("/")[2] not in image.programs:
        expected = f"a program of this image: {', '.join(sorted(image.programs))}"
        yield document.fault((*at, "entrypoint"), expected, found=entrypoint)
        return
    program = entrypoint or (image.starts if image else "")
    wanted = _expected(document.root, program, step.args) if program else None
    if wanted:
        yield document.fault((*at, "args"), wanted, found=step.args or "nothing")


def _expected(root: Path, program: str, arguments: list[str]) -> str | None:
    """What the arguments ought to begin with where they do not; the programs that are known are looked at."""
    option = arguments[0] if arguments and arguments[0].startswith("-") else ""
    first = next((word for word in arguments if not word.startswith("-")), "")
    file = not option and bool(first) and (root / first).is_file()
    match program:
        case "sh" | "bash":
            well = file or (option.endswith("c") and len(arguments) > 1)
            expected = f"a file of this repository for {program}, or -c and one program"
        case "python" | "python3":
            well = bool(option) or (file and first.endswith(".py"))
            expected = f"a Python file of this repository for {program}, or -m"
        case "make":
            known = set(re.findall(r"^([a-z][\w-]*):", (root / "Makefile").read_text(), re.MULTILINE))
            wrong = {word for word in arguments if not word.startswith("-") and "=" not in word} - known
            well = bool(first) and not wrong
            expected = f"targets of the Makefile: {', '.join(sorted(known))}"
        case _:
            well = program not in WORDS or first in WORDS[program]
            expected = f"a command of {program}"
    return None if well else expected


def _asked(document: Document, step: Step) -> Iterator[Fault]:
    """A variable that a program of ours cannot do without, and that the step does not give."""
    shared = {entry.partition("=")[0] for entry in document.options.get("env") or []}
    mapped = step.value.get("automapSubstitutions", document.options.get("automapSubstitutions", False))
    given = {*step.env, *shared, *step.value.get("secretEnv", [])} | (
        set(document.value.get("substitutions") or {}) if mapped else set()
    )
    for word in step.args:
        program = A_PROGRAM_OF_OURS.fullmatch(word)
        path = document.root / program[1] if program else None
        if path is None or not path.is_file():
            continue
        for name in sorted(set(ASKED.findall(path.read_text(errors="replace"))) - given):
            expected = f"{name}=..., which {word} asks for"
            yield document.fault(("steps", step.index, "env"), expected, found=step.value.get("env", "nothing"))
