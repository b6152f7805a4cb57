"""What a pull request can reach: nothing that changes anything outside the build; and nothing changes unchecked.

One file serves both triggers, and ``_DEPLOY`` tells them apart. A step that changes something runs through
``bin/if-deploying``, which does nothing where ``DEPLOY`` is not ``true``.
"""

from collections.abc import Iterator
from itertools import pairwise

from deploy.lint import commands
from deploy.lint.document import Document, Fault, Step
from deploy.lint.steps import A_PROGRAM_OF_OURS, waits_for

SWITCH = "_DEPLOY"
GUARD = "bin/if-deploying"
VARIABLE, VALUE = "DEPLOY", "${_DEPLOY}"
GO_BACK_S = 900  # deploy/roll_back.py takes at most 840


def check(document: Document) -> Iterator[Fault]:
    """Every change that a pull request would make, and every one that does not wait for the checks."""
    for field in ("images", "artifacts"):
        if field in document.value:
            expected = f"no such line: it pushes whatever {SWITCH} says; push in a step, through {GUARD}"
            yield document.fault((field,), expected, found=document.value[field])
    changing = False
    for step in document.steps:
        if guarded(step):
            changing = True
            yield from _guard(document, step)
            yield from _after_all(document, step)
            yield from _time_to_go_back(document, step)
        else:
            for words in commands.of(step, document.root):
                yield from _program(document, step, words[0])
                if what := commands.change(words):
                    expected = f"args: [{GUARD}, ...] under sh: a pull request must not reach it"
                    yield document.fault(("steps", step.index), expected, found=what)
    declared = document.value.get("substitutions") or {}
    if changing and declared.get(SWITCH) != "false":
        expected = '"false": a build that nobody told to deploy does not'
        yield document.fault(("substitutions", SWITCH), expected, found=declared.get(SWITCH, "nothing"))


def _program(document: Document, step: Step, program: str) -> Iterator[Fault]:
    if A_PROGRAM_OF_OURS.fullmatch(program) and not (document.root / program).is_file():
        yield document.fault(("steps", step.index), "a program of this repository", found=program)


def guarded(step: Step) -> bool:
    """Whether the whole step runs through the guard."""
    return step.value.get("entrypoint") in {"sh", "/bin/sh"} and step.args[:1] == [GUARD]


def _guard(document: Document, step: Step) -> Iterator[Fault]:
    if step.env.get(VARIABLE) != VALUE:
        expected = f"{VARIABLE}={VALUE}, which {GUARD} reads"
        yield document.fault(("steps", step.index, "env"), expected, found=step.value.get("env", "nothing"))
    if len(step.args) == 1:
        yield document.fault(("steps", step.index, "args"), "a command after the guard", found=step.args)


def _after_all(document: Document, step: Step) -> Iterator[Fault]:
    """A change waits for everything before it: a deployment beside its own tests is none that was tested."""
    missing = [other.id for other in document.steps[: step.index] if other.id not in waits_for(document, step)]
    if missing:
        expected = f"all earlier steps, directly or through others; {', '.join(missing)} may still run, or have failed"
        found = step.value.get("waitFor", "nothing")
        yield document.fault(("steps", step.index, "waitFor"), expected, found=found)


def _time_to_go_back(document: Document, step: Step) -> Iterator[Fault]:
    """A step that is ended by its time limit goes back to nothing: its own limit has to come first."""
    for flag, seconds in pairwise(step.args):
        if flag != "--within":
            continue
        index = step.args.index(seconds)
        if not seconds.isdigit():
            yield document.fault(("steps", step.index, "args", index), "a number of seconds", found=seconds)
        elif int(seconds) + GO_BACK_S > float(step.value.get("timeout", "0s").removesuffix("s")):
            expected = f"at least {int(seconds) + GO_BACK_S}s: what it may take, and {GO_BACK_S}s to go back"
            yield document.fault(("steps", step.index, "timeout"), expected, found=step.value.get("timeout", "nothing"))
