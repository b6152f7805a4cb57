"""Substitutions and secrets: everything used is declared, everything declared is used, and ``$`` is what it seems."""

import re
from collections.abc import Iterator
from typing import Any

from biaac.files import Location
from deploy.lint.document import Document, Fault

# https://cloud.google.com/build/docs/configuring-builds/substitute-variable-values
BUILT_IN = {
    *("PROJECT_ID", "PROJECT_NUMBER", "LOCATION", "BUILD_ID", "TRIGGER_NAME", "COMMIT_SHA", "REVISION_ID", "SHORT_SHA"),
    *("REPO_NAME", "REPO_FULL_NAME", "BRANCH_NAME", "TAG_NAME", "REF_NAME", "TRIGGER_BUILD_CONFIG_PATH"),
    *("SERVICE_ACCOUNT_EMAIL", "SERVICE_ACCOUNT"),
}
OURS = re.compile(r"_[A-Z0-9_]{1,99}")
# $NAME, ${NAME} or ${NAME%change}; an even run of $ before it escapes.
REFERENCE = re.compile(r"\$\$|\$(?:\{([A-Za-z_]\w*)([^}]*)\}|([A-Za-z_]\w*))")
SECRET = re.compile(r"projects/[^/]+/secrets/[A-Za-z0-9_-]+/versions/(latest|\d+)")


def check(document: Document) -> Iterator[Fault]:
    """Every fault of a substitution or a secret."""
    declared = document.value.get("substitutions") or {}
    used: set[str] = set()
    for location, text in _texts(document.value, ()):
        if "waitFor" in location:  # the service reads it as it is
            continue
        for braced, change, plain in REFERENCE.findall(text):
            if name := braced or plain:
                used.add(name)
                yield from _reference(document, location, name, change, declared)
    for name in declared.keys() - used:
        yield document.fault(("substitutions", name), "a use of it: an unused one fails the build", value=name)
    yield from _secrets(document)


def filled(text: str) -> str:
    """``text`` as the container sees it, with a word for every substitution."""
    return REFERENCE.sub(lambda match: "$" if match[0] == "$$" else "value", text)


def _reference(
    document: Document, location: Location, name: str, change: str, declared: dict[str, str]
) -> Iterator[Fault]:
    if name in BUILT_IN or name in declared:
        if (change or location[0] == "substitutions") and not document.options.get("dynamicSubstitutions"):
            expected = "options.dynamicSubstitutions: true, or no change of it and no use in another substitution"
            yield document.fault(location, expected, value=f"${{{name}{change}}}")
    elif OURS.fullmatch(name):
        expected = f"a substitution that is declared: {', '.join(declared) or 'none is'}"
        yield document.fault(location, expected, value=f"${name}")
    else:
        expected = f"a built-in substitution, or $${name} for a variable of the shell"
        yield document.fault(location, expected, value=f"${name}")


def _secrets(document: Document) -> Iterator[Fault]:
    declared: dict[str, Location] = {}
    for index, secret in enumerate((document.value.get("availableSecrets") or {}).get("secretManager") or []):
        at: Location = ("availableSecrets", "secretManager", index)
        if not SECRET.fullmatch(filled(secret.get("versionName", ""))):
            expected = "projects/<project>/secrets/<name>/versions/<number or latest>"
            yield document.fault((*at, "versionName"), expected, value=secret.get("versionName"))
        declared[secret.get("env", "")] = (*at, "env")
    used: set[str] = set()
    for step in document.steps:
        for index, name in enumerate(step.value.get("secretEnv") or []):
            used.add(name)
            if name not in declared:
                expected = f"one of availableSecrets: {', '.join(declared) or 'none'}"
                yield document.fault(("steps", step.index, "secretEnv", index), expected, value=name)
    for name in declared.keys() - used:
        yield document.fault(declared[name], "a step that has it in secretEnv", value=name)


def _texts(value: Any, at: Location) -> Iterator[tuple[Location, str]]:
    """Every text of the file, with its place."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _texts(child, (*at, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _texts(child, (*at, index))
    elif isinstance(value, str):
        yield at, value
