"""What a build of ours has to do, and in which order: a step that is lost, or comes too early, is a fault.

``cloudbuild.yaml`` says how: images, times, guards. Steps beside these are free.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import NamedTuple

from deploy.lint import commands
from deploy.lint.document import Document, Fault, Step
from deploy.lint.reach import GUARD, guarded
from deploy.lint.steps import waits_for


class Piece(NamedTuple):
    """One thing to do: the command, those that must have ended well before it, and whether it deploys."""

    command: str
    after: tuple[str, ...] = ()
    deploys: bool = False


SETTINGS = "bin/build-settings"
TERRAFORM = "cp /bin/terraform .biaac/bin/"  # for whatever runs in another image
LINT, TEST = "make lint", "make check test"
IMAGES = "bin/build-images $_REPOSITORY $BUILD_ID"
CHECKED = (
    Piece(SETTINGS),
    Piece(TERRAFORM),
    Piece(LINT, after=(SETTINGS,)),  # both install uv, once
    Piece(TEST, after=(LINT, TERRAFORM)),  # what lint refuses is not worth 17 minutes
    Piece(IMAGES),
)
# Each after the one before it, and the first after all that is checked.
DEPLOYED = (
    ("bin/push-images $_REPOSITORY $BUILD_ID", True),
    ("bin/deploy inputs", False),  # images by the digests that the push wrote down
    ("bin/terraform-plan $_ENVIRONMENT $_STATE_BUCKET", False),
    ("bin/deploy apply", True),
    ("bin/deploy job superset-bootstrap", True),  # Superset's own tables, before anything asks it
    ("bin/deploy job transform -- --plan", True),  # models, before the run that fills them
    ("bin/deploy connections", True),
    ("bin/deploy refresh", True),
    ("bin/deploy dashboards", True),  # they may need a column that only the run publishes
    ("bin/deploy smoke", True),  # what it finds well is what a later failure goes back to
)


def pieces() -> Iterator[Piece]:
    """Everything a build has to do."""
    yield from CHECKED
    before: tuple[str, ...] = (TEST, IMAGES)
    for command, deploys in DEPLOYED:
        yield Piece(command, before, deploys)
        before = (command,)


def check(document: Document) -> Iterator[Fault]:
    """Every piece that no step does, that two do, or that a step does before its time."""
    doing = {step.index: list(of(step, document)) for step in document.steps}
    everything = [command for done in doing.values() for command in done]
    places: dict[str, Step] = {}
    for piece in pieces():
        steps = [step for step in document.steps if piece.command in doing[step.index]]
        if not steps:
            near = get_close_matches(piece.command, everything, 1)
            yield document.fault(("steps",), f"a step that runs: {piece.command}", found=near[0] if near else "nothing")
            continue
        places[piece.command] = step = steps[0]
        if len(steps) > 1:
            found = ", ".join(each.id for each in steps)
            yield document.fault(("steps", steps[1].index), f"one step that runs: {piece.command}", found=found)
        if piece.deploys != guarded(step):
            expected = f"{'' if piece.deploys else 'no '}{GUARD} before {piece.command}"
            yield document.fault(("steps", step.index, "args"), expected, found=step.args)
        waited = waits_for(document, step)
        missing = [name for name in piece.after if name in places and places[name].id not in waited]
        early = [name for name in piece.after if name not in places and name in everything]
        for name in missing + early:
            yield document.fault(("steps", step.index, "waitFor"), f"to wait for: {name}", found=sorted(waited))


def of(step: Step, document: Document) -> Iterator[str]:
    """The commands of a step, without the guard and without the time it may take."""
    for words in commands.of(step, document.root):
        bare = words[1:] if words[0] == GUARD else list(words)
        if "--within" in bare and (at := bare.index("--within")) + 1 < len(bare) and bare[at + 1].isdigit():
            del bare[at : at + 2]
        yield " ".join(bare)
