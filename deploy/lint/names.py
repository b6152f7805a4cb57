"""Substitutions and secrets: everything used is declared, everything declared is used, and ``$`` is what it seems."""

import re
from collections.abc import Iterator
from typing import Any

from biaac.files import Location
from deploy.lint.document import Document, Fault, Step

# https://cloud.google.com/build/docs/configuring-builds/substitute-variable-values
BUILT_IN = {
    *("PROJECT_ID", "PROJECT_NUMBER", "LOCATION", "BUILD_ID", "TRIGGER_NAME", "COMMIT_SHA", "REVISION_ID", "SHORT_SHA"),
    *("REPO_NAME", "REPO_FULL_NAME", "BRANCH_NAME", "TAG_NAME", "REF_NAME", "TRIGGER_BUILD_CONFIG_PATH"),
    *("SERVICE_ACCOUNT_EMAIL", "SERVICE_ACCOUNT"),
}
OURS = re.compile(r"_[A-Z0-9_]{1,99}")
# $NAME, ${NAME} or ${NAME%change}; an even run of $ before it escapes.
REFERENCE = re.compile(r"\$\$|\$(?:\{([A-Za-z_]\w*)([^}]*)\}|([A-Za-z_]\w*))")
NOT_CLOSED = re.compile(r"(?<!\$)(?:\$\$)*(\$\{(?![A-Za-z_]\w*[^}]*\}).*)")
SECRET = re.compile(r"projects/[^/]+/secrets/[A-Za-z0-9_-]+/versions/(latest|\d+)")
NOT_SUBSTITUTED = {"script", "waitFor"}  # the service reads these as they are


def check(document: Document) -> Iterator[Fault]:
    """Every fault of a substitution or a secret."""
    declared = document.value.get("substitutions") or {}
    used: set[str] = set()
    for name in declared:
        if not OURS.fullmatch(name):
            yield document.fault(("substitutions", name), "_ and capitals, such as _REGION", found=name)
    for location, text in _substituted(document):
        if broken := NOT_CLOSED.search(text):
            yield document.fault(location, "${NAME}, closed, or $$ for a $ of the shell", found=broken[1])
        for name, change in references(text):
            used.add(name)
            yield from _reference(document, location, name, change, declared)
    for step in document.steps:
        yield from _script(document, step, declared, used)
    for name in declared:
        if name not in used and document.options.get("substitutionOption") != "ALLOW_LOOSE":
            yield document.fault(("substitutions", name), "a use of it: an unused one fails the build", found=name)
    yield from _secrets(document)


def references(text: str) -> list[tuple[str, str]]:
    """What the service would replace in ``text``: names, each with the change asked for (``%foo`` and the like)."""
    found = []
    for braced, change, plain in REFERENCE.findall(text):
        if braced or plain:
            found.append((braced or plain, change))
    return found


def filled(text: str) -> str:
    """``text`` as the container sees it, with a word for every substitution."""
    return REFERENCE.sub(lambda match: "$" if match[0] == "$$" else "value", text)


def _reference(
    document: Document, location: Location, name: str, change: str, declared: dict[str, str]
) -> Iterator[Fault]:
    found = f"${name}"
    if name in BUILT_IN or name in declared:
        if (change or location[0] == "substitutions") and not document.options.get("dynamicSubstitutions"):
            expected = "options.dynamicSubstitutions: true, or no change of it and no use in another substitution"
            yield document.fault(location, expected, found=f"${{{name}{change}}}")
    elif OURS.fullmatch(name):
        yield document.fault(
            location, f"a substitution that is declared: {', '.join(declared) or 'none is'}", found=found
        )
    else:
        yield document.fault(location, f"a built-in substitution, or $${name} for a variable of the shell", found=found)


def _script(document: Document, step: Step, declared: dict[str, str], used: set[str]) -> Iterator[Fault]:
    """A script sees variables, not substitutions, unless they are mapped to variables."""
    mapped = step.value.get("automapSubstitutions", document.options.get("automapSubstitutions", False))
    text = step.value.get("script", "")
    shared = {entry.partition("=")[0] for entry in document.options.get("env") or []}
    for name, _ in references(text):
        if not OURS.fullmatch(name) and name not in BUILT_IN:
            continue
        if mapped and (name in declared or name in BUILT_IN):
            used.add(name)
        elif name not in step.env and name not in shared:
            expected = f"a variable: a script is not substituted; env: ['{name}=${{{name}}}'], or automapSubstitutions"
            yield document.fault(("steps", step.index, "script"), expected, found=f"${name}")


def _secrets(document: Document) -> Iterator[Fault]:
    available = document.value.get("availableSecrets") or {}
    declared: dict[str, Location] = {}
    for index, secret in enumerate(available.get("secretManager") or []):
        at: Location = ("availableSecrets", "secretManager", index)
        if not SECRET.fullmatch(filled(secret.get("versionName", ""))):
            expected = "projects/<project>/secrets/<name>/versions/<number or latest>"
            yield document.fault((*at, "versionName"), expected, found=secret.get("versionName", "nothing"))
        if secret.get("env") in declared or not secret.get("env"):
            yield document.fault((*at, "env"), "a name of its own", found=secret.get("env", "nothing"))
        declared[secret.get("env", "")] = (*at, "env")
    for index, inline in enumerate(available.get("inline") or []):
        declared |= dict.fromkeys(inline.get("envMap") or {}, ("availableSecrets", "inline", index))
    used: set[str] = set()
    places: list[tuple[Location, dict[str, Any]]] = [(("options",), document.options)]
    places += [(("steps", step.index), step.value) for step in document.steps]
    for at, value in places:
        plain = {entry.partition("=")[0] for entry in value.get("env") or []}
        for index, name in enumerate(value.get("secretEnv") or []):
            used.add(name)
            here = (*at, "secretEnv", index)
            if name not in declared:
                yield document.fault(here, f"one of availableSecrets: {', '.join(declared) or 'none'}", found=name)
            elif name in plain:
                yield document.fault(here, "a name that env does not have too", found=name)
    for name, location in declared.items():
        if name and name not in used:
            yield document.fault(location, "a step that has it in secretEnv", found=name)


def _substituted(document: Document) -> Iterator[tuple[Location, str]]:
    """Every text of the file in which the service replaces substitutions."""
    top = {key: value for key, value in document.value.items() if key not in {"steps", "substitutions"}}
    yield from _texts(top, ())
    for name, value in (document.value.get("substitutions") or {}).items():
        yield from _texts(value, ("substitutions", name))
    for step in document.steps:
        value = {key: child for key, child in step.value.items() if key not in NOT_SUBSTITUTED}
        yield from _texts(value, ("steps", step.index))


def _texts(value: Any, at: Location) -> Iterator[tuple[Location, str]]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _texts(child, (*at, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _texts(child, (*at, index))
    elif isinstance(value, str):
        yield at, value
