"""What the service demands of steps beyond their shape: ids, order, images, commands, variables, times."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from deploy.lint.document import Document, Fault, Step

ID = re.compile(r"[a-z][a-z0-9-]{0,62}")
PINNED = re.compile(r"[a-z0-9][a-z0-9.-]*(:\d+)?(/[a-z0-9._-]+)*(:[\w.-]+)?@sha256:[0-9a-f]{64}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LONGEST_BUILD_S = 24 * 3600  # https://cloud.google.com/build/docs/build-config-file-schema#timeout_2
A_PROGRAM_OF_OURS = re.compile(r"(?:\./)?((?:bin|deploy|tests|superset|local|\.ci)/[\w./-]+)")
LOG_MODES = {"CLOUD_LOGGING_ONLY", "GCS_ONLY", "NONE"}


def check(document: Document) -> Iterator[Fault]:
    """Every fault of a step, and of the times of the whole."""
    if not document.steps:
        yield document.fault(("steps",), "at least one step", found=document.value.get("steps", "nothing"))
    before: set[str] = set()
    for step in document.steps:
        yield from _identity(document, step, before)
        yield from _order(document, step, before)
        yield from _command(document, step)
        yield from _variables(document, step)
        yield from _failure(document, step)
        before.add(step.id)
    yield from _volumes(document)
    yield from _times(document)
    yield from _logging(document)


def waits_for(document: Document, step: Step) -> set[str]:
    """The ids of all steps that have ended well when ``step`` starts; no waitFor means every earlier step."""
    earlier = document.steps[: step.index]
    named = step.value.get("waitFor")
    direct = {s.id for s in earlier} if not named else set(named) - {"-"}
    reached = set(direct)
    for other in earlier:
        if other.id in direct:
            reached |= waits_for(document, other)
    return reached


def _identity(document: Document, step: Step, before: set[str]) -> Iterator[Fault]:
    at = ("steps", step.index)
    if not ID.fullmatch(str(step.value.get("id", ""))):
        yield document.fault((*at, "id"), "a name such as build-images", found=step.value.get("id", "nothing"))
    elif step.id in before:
        yield document.fault((*at, "id"), "an id that no earlier step has", found=step.id)
    image = step.value.get("name", "")
    if not PINNED.fullmatch(image):
        expected = "an image by digest: name:tag@sha256:<64 hex digits> (a tag may mean another image tomorrow)"
        yield document.fault((*at, "name"), expected, found=image or "nothing")


def _order(document: Document, step: Step, before: set[str]) -> Iterator[Fault]:
    names = step.value.get("waitFor") or []
    for index, name in enumerate(names):
        at = ("steps", step.index, "waitFor", index)
        if name == "-" and len(names) > 1:
            yield document.fault(at, "- alone: it means to wait for nothing", found=name)
        elif name != "-" and name not in before:
            later = any(other.id == name for other in document.steps)
            why = "an earlier step; this one comes later" if later else f"an earlier step: {', '.join(sorted(before))}"
            yield document.fault(at, why, found=name)
        elif name in names[:index]:
            yield document.fault(at, "each step once", found=name)


def _command(document: Document, step: Step) -> Iterator[Fault]:
    at = ("steps", step.index)
    for field in ("args", "entrypoint"):
        if "script" in step.value and field in step.value:
            yield document.fault((*at, field), "either script, or entrypoint and args", found=step.value[field])
    if "script" in step.value and not step.value["script"].strip():
        yield document.fault((*at, "script"), "a program", found=step.value["script"])
    folder = step.value.get("dir", "")
    if folder and not (document.root / folder).is_dir():
        yield document.fault((*at, "dir"), "a folder of this repository", found=folder)
    for index, argument in enumerate(step.args):
        program = A_PROGRAM_OF_OURS.fullmatch(argument)
        if program and not folder and not (document.root / program[1]).exists():
            yield document.fault((*at, "args", index), "a file of this repository", found=argument)
    for flag, module in pairwise(step.args):
        package = module.split(".")[0]
        if flag == "-m" and (document.root / package).is_dir() and not _module(document.root, module):
            yield document.fault((*at, "args", step.args.index(module)), "a module of this repository", found=module)


def _module(root: Path, name: str) -> bool:
    path = root / name.replace(".", "/")
    return path.with_suffix(".py").exists() or (path / "__main__.py").exists()


def _variables(document: Document, step: Step | None) -> Iterator[Fault]:
    value, at = (step.value, ("steps", step.index)) if step else (document.options, ("options",))
    seen: set[str] = set()
    for index, entry in enumerate(value.get("env") or []):
        name, equals, text = entry.partition("=")
        here = (*at, "env", index)
        if not equals or not VARIABLE.fullmatch(name):
            yield document.fault(here, "NAME=value", found=entry)
        elif name in seen:
            yield document.fault(here, "each variable once", found=name)
        elif re.search(r"PASSWORD|SECRET|TOKEN|PRIVATE_KEY", name) and text and not text.startswith("projects/"):
            yield document.fault(here, "secrets by secretEnv and availableSecrets only", found=name)
        elif name == "GOOGLE_APPLICATION_CREDENTIALS" or "-----BEGIN" in text:
            yield document.fault(here, "no key: the build's service account speaks for it", found=name)
        seen.add(name)


def _failure(document: Document, step: Step) -> Iterator[Fault]:
    """A failure that is let pass must not be one that a later step relies on."""
    codes = step.value.get("allowExitCodes")
    if not step.value.get("allowFailure") and not codes:
        return
    relying = [other.id for other in document.steps[step.index + 1 :] if step.id in waits_for(document, other)]
    if relying:
        field = "allowFailure" if step.value.get("allowFailure") else "allowExitCodes"
        expected = f"no such line: {', '.join(relying)} would go on after a failure"
        yield document.fault(("steps", step.index, field), expected, found=step.value[field])


def _volumes(document: Document) -> Iterator[Fault]:
    """A volume is there to be shared: the service refuses one that a single step mounts."""
    everywhere = {volume.get("name") for volume in document.options.get("volumes") or []}
    mounted: dict[str, list[int]] = {}
    for step in document.steps:
        paths = set()
        for index, volume in enumerate(step.value.get("volumes") or []):
            at = ("steps", step.index, "volumes", index)
            mounted.setdefault(volume.get("name", ""), []).append(step.index)
            if not volume.get("name") or not str(volume.get("path", "")).startswith("/"):
                yield document.fault(at, "a name and an absolute path", found=volume)
            elif volume["path"] in paths or volume["path"].rstrip("/") == "/workspace":
                yield document.fault((*at, "path"), "a path of its own", found=volume["path"])
            paths.add(volume.get("path"))
    for name, steps in mounted.items():
        if len(set(steps)) == 1 and name not in everywhere:
            yield document.fault(("steps", steps[0], "volumes"), "a volume that two steps mount", found=name)


def _times(document: Document) -> Iterator[Fault]:
    whole = _seconds(document.value.get("timeout"))
    if whole is None:
        yield document.fault(("timeout",), "a time for the whole build, such as 3600s")
    elif not 0 < whole <= LONGEST_BUILD_S:
        yield document.fault(("timeout",), f"1s to {LONGEST_BUILD_S}s", found=document.value["timeout"])
    ends: dict[str, float] = {}
    for step in document.steps:
        own = _seconds(step.value.get("timeout"))
        if own is None or own <= 0:
            expected = "a time, such as 600s: a step that hangs would take the whole build's"
            yield document.fault(("steps", step.index, "timeout"), expected, found=step.value.get("timeout", "nothing"))
            return
        ends[step.id] = own + max((ends.get(name, 0) for name in waits_for(document, step)), default=0)
    if whole is not None and max(ends.values(), default=0) > whole:
        slowest = max(ends, key=lambda name: ends[name])
        expected = f"at least {ends[slowest]:.0f}s: the times on the way to the end of {slowest}"
        yield document.fault(("timeout",), expected, found=document.value["timeout"])


def _logging(document: Document) -> Iterator[Fault]:
    """A build under an account of its own is refused without one of these."""
    mode = document.options.get("logging")
    elsewhere = document.value.get("logsBucket") or document.options.get("defaultLogsBucketBehavior")
    if mode not in LOG_MODES and not elsewhere:
        expected = "CLOUD_LOGGING_ONLY: a service account of its own may not use the default bucket"
        yield document.fault(("options", "logging"), expected, found=mode or "nothing")
    account = document.value.get("serviceAccount")
    if account is not None and not re.fullmatch(r"projects/[^/]+/serviceAccounts/[^/]+", account):
        expected = "projects/<project>/serviceAccounts/<e-mail or id>"
        yield document.fault(("serviceAccount",), expected, found=account)
    yield from _variables(document, None)


def _seconds(value: str | None) -> float | None:
    return None if value is None else float(value.removesuffix("s"))
