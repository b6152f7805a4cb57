"""What the service demands of steps beyond their shape, and that a pull request changes nothing.

One file serves both triggers, and ``_DEPLOY`` tells them apart: a step that changes something outside the build runs
through ``bin/if-deploying``, which does nothing where ``DEPLOY`` is not ``true``, and waits for everything before it.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from biaac.settings import ROOT
from deploy.lint.document import Document, Fault, Step

ID = re.compile(r"[a-z][a-z0-9-]{0,62}")
PINNED = re.compile(r"[a-z0-9][a-z0-9.-]*(:\d+)?(/[a-z0-9._-]+)*(:[\w.-]+)?@sha256:[0-9a-f]{64}")
LONGEST_BUILD_S = 24 * 3600  # https://cloud.google.com/build/docs/build-config-file-schema#timeout_2
A_PROGRAM_OF_OURS = re.compile(r"(?:\./)?((?:bin|tests|\.ci)/[\w./-]+)")
SECRETIVE = re.compile(r"PASSWORD|SECRET|TOKEN|PRIVATE_KEY|GOOGLE_APPLICATION_CREDENTIALS")
SWITCH, GUARD, VARIABLE = "_DEPLOY", "bin/if-deploying", "DEPLOY=${_DEPLOY}"
GO_BACK_S = 900  # deploy/roll_back.py takes at most 840
# Words of a command that change something outside the build. What may be done in both builds does not have them.
CHANGES = re.compile(
    r"bin/push-images|bin/deploy (?!inputs)|\b(docker|podman|buildah|git) push|\bterraform\b.* (apply|destroy|import)\b"
    r"|\b(gcloud|gsutil|bq)\b.* (deploy|create|update|delete|execute|run|cp|mv|rm|rsync|submit|load|query|set-\S+)\b"
)
# What a deployment does, in this order; ``roll_back`` goes back to what the last one, ``smoke``, accepted.
ORDER = (
    *("make check", "make lint test", "bin/push-images", "bin/deploy inputs", "bin/terraform-plan", "bin/deploy apply"),
    *("superset-bootstrap", "bin/deploy models", "bin/deploy dashboards", "bin/deploy smoke"),
)


def check(document: Document) -> Iterator[Fault]:
    """Every fault of a step, and of the times of the whole."""
    commands = [" ".join([step.value.get("entrypoint", ""), *step.args]) for step in document.steps]
    places = [next((n for n, command in enumerate(commands) if each in command), None) for each in ORDER]
    for index, (each, place) in enumerate(zip(ORDER, places, strict=True)):
        if place is None or any(earlier is not None and earlier > place for earlier in places[:index]):
            yield document.fault(("steps",), f"a step that runs {each}, after {ORDER[index - 1]}", value=place)
    for field in {"images", "artifacts"} & document.value.keys():
        expected = f"no such line: it pushes whatever {SWITCH} says; push in a step, through {GUARD}"
        yield document.fault((field,), expected, value=document.value[field])
    if (document.value.get("substitutions") or {}).get(SWITCH) != "false":
        expected = '"false": a build that nobody asked to deploy does not'
        yield document.fault(("substitutions", SWITCH), expected, value=document.at(("substitutions", SWITCH)))
    before: list[str] = []
    for step in document.steps:
        yield from _identity(document, step, before)
        yield from _command(document, step)
        yield from _reach(document, step, before)
        before.append(step.id)
    yield from _times(document)
    if document.options.get("logging") not in {"CLOUD_LOGGING_ONLY", "GCS_ONLY", "NONE"}:
        expected = "CLOUD_LOGGING_ONLY: a service account of its own may not use the default bucket"
        yield document.fault(("options", "logging"), expected, value=document.options.get("logging"))


def waits_for(document: Document, step: Step) -> set[str]:
    """The ids of all steps that have succeeded when ``step`` starts; no waitFor means every earlier step."""
    earlier = document.steps[: step.index]
    named = step.value.get("waitFor")
    direct = {each.id for each in earlier} if not named else set(named) - {"-"}
    return direct.union(*(waits_for(document, each) for each in earlier if each.id in direct))


def _identity(document: Document, step: Step, before: list[str]) -> Iterator[Fault]:
    at = ("steps", step.index)
    if not ID.fullmatch(str(step.value.get("id", ""))):
        yield document.fault((*at, "id"), "a name such as build-images", value=step.value.get("id"))
    elif step.id in before:
        yield document.fault((*at, "id"), "an id that no earlier step has", value=step.id)
    if not PINNED.fullmatch(step.value.get("name", "")):
        expected = "an image by digest: name:tag@sha256:<64 hex digits> (a tag may mean another image tomorrow)"
        yield document.fault((*at, "name"), expected, value=step.value.get("name"))
    for index, name in enumerate(step.value.get("waitFor") or []):
        if name != "-" and name not in before:
            expected = f"an earlier step: {', '.join(before)}"
            yield document.fault((*at, "waitFor", index), expected, value=name)


def _command(document: Document, step: Step) -> Iterator[Fault]:
    at = ("steps", step.index)
    if "script" in step.value:
        yield document.fault((*at, "script"), "entrypoint and args: a script is not substituted", value="script")
    for index, argument in enumerate(step.args):
        program = A_PROGRAM_OF_OURS.fullmatch(argument)
        if program and not (ROOT / program[1]).exists():
            yield document.fault((*at, "args", index), "a file of this repository", value=argument)
    if step.value.get("entrypoint") == "make":
        targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        if unknown := set(step.args) - targets:
            yield document.fault((*at, "args"), "targets of the Makefile", value=sorted(unknown))
    for name, text in step.env.items():
        if SECRETIVE.search(name) and not text.startswith("projects/"):
            index = list(step.env).index(name)
            yield document.fault((*at, "env", index), "secrets by secretEnv and availableSecrets only", value=name)
    relying = [each.id for each in document.steps[step.index + 1 :] if step.id in waits_for(document, each)]
    for field in {"allowFailure", "allowExitCodes"} & step.value.keys():
        if relying:
            expected = f"no such line: {', '.join(relying)} would go on after a failure"
            yield document.fault((*at, field), expected, value=step.value[field])


def _reach(document: Document, step: Step, before: list[str]) -> Iterator[Fault]:
    at = ("steps", step.index)
    guarded = step.value.get("entrypoint") == "sh" and step.args[:1] == [GUARD]
    if not guarded:
        if change := CHANGES.search(" ".join([*step.args, ""])):
            expected = f"args: [{GUARD}, ...] under sh: a pull request must not reach it"
            yield document.fault(at, expected, value=change[0])
        return
    if VARIABLE not in (step.value.get("env") or []):
        expected = f"{VARIABLE}, which {GUARD} reads"
        yield document.fault((*at, "env"), expected, value=step.value.get("env"))
    if early := [name for name in before if name not in waits_for(document, step)]:
        expected = f"all earlier steps, directly or through others; {', '.join(early)} may still run, or have failed"
        yield document.fault((*at, "waitFor"), expected, value=step.value.get("waitFor"))
    for flag, seconds in pairwise(step.args):
        if flag == "--within" and int(seconds) + GO_BACK_S > _seconds(step.value.get("timeout")):
            expected = f"at least {int(seconds) + GO_BACK_S}s: what it may take, and {GO_BACK_S}s to go back"
            yield document.fault((*at, "timeout"), expected, value=step.value.get("timeout"))


def _times(document: Document) -> Iterator[Fault]:
    """The whole takes as long as its slowest way through the steps."""
    ends: dict[str, float] = {}
    for step in document.steps:
        if not (own := _seconds(step.value.get("timeout"))):
            expected = "a time, such as 600s: a step that hangs would take the whole build's"
            yield document.fault(("steps", step.index, "timeout"), expected, value=step.value.get("timeout"))
        ends[step.id] = own + max((ends.get(name, 0) for name in waits_for(document, step)), default=0)
    slowest = max(ends, key=lambda name: ends[name], default="")
    if not ends.get(slowest, 0) <= _seconds(document.value.get("timeout")) <= LONGEST_BUILD_S or not slowest:
        expected = f"{ends.get(slowest, 0):.0f}s, the end of step {slowest}, to {LONGEST_BUILD_S}s"
        yield document.fault(("timeout",), expected, value=document.value.get("timeout"))


def _seconds(value: str | None) -> float:
    return float((value or "0s").removesuffix("s"))
