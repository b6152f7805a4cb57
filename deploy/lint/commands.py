"""The commands of a step as words, and which of them change something outside the build."""

import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from deploy.lint.document import Step
from deploy.lint.shell import inline

WRAPPERS = {"env", "exec", "nohup", "sudo", "time", "command", "xargs", "nice", "sh", "bash", "timeout"}
PYTHON = re.compile(r"python[\d.]*")

TERRAFORM_CHANGES = {
    *("apply", "destroy", "import", "taint", "untaint", "force-unlock", "mv", "rm", "push", "replace-provider"),
}
GCLOUD_CHANGES = {
    *("deploy", "create", "update", "delete", "submit", "execute", "run", "replace", "patch", "import", "export"),
    *("set-iam-policy", "add-iam-policy-binding", "remove-iam-policy-binding", "update-traffic", "promote"),
    *("rollback", "cp", "mv", "rm", "rsync", "call", "enable", "disable", "add", "restore", "cancel", "resume"),
}
CURL_SENDS = {
    *("-T", "--upload-file", "-d", "--data", "--data-binary", "--data-raw", "-F", "--form"),
    *("POST", "PUT", "PATCH", "DELETE"),
}

# program -> words that make it a change. Looking (get, list, describe, pull, plan ...) is free.
CHANGES = {
    "podman": {"push"},
    "buildah": {"push"},
    "skopeo": {"copy", "sync", "delete"},
    "crane": {"push", "copy", "cp", "tag", "delete", "append", "mutate"},
    "gcrane": {"push", "copy", "cp", "tag", "delete", "append", "mutate"},
    "oras": {"push", "copy", "cp", "tag"},
    "terraform": TERRAFORM_CHANGES,
    "tofu": TERRAFORM_CHANGES,
    "gsutil": {"cp", "mv", "rm", "rsync", "mb", "rb", "iam", "setmeta", "rewrite"},
    "bq": {"query", "load", "mk", "rm", "cp", "update", "insert"},
    "kubectl": {"apply", "create", "delete", "patch", "replace", "set", "rollout", "scale"},
    "helm": {"install", "upgrade", "uninstall", "rollback", "push"},
    "git": {"push"},
    "npm": {"publish"},
    "uv": {"publish"},
    "twine": {"upload"},
    "wget": {"--post-data", "--post-file", "--method=POST", "--method=PUT"},
    "biaac": {"apply", "sync", "rollback", "retry", "gc", "set"},
    "push-images": set(),  # always
}
ALWAYS = {name for name, words in CHANGES.items() if not words}
OUR_MODULES = {"deploy": {"inputs"}, "cli": {"validate", "plan", "status", "doctor", "--help"}}  # words that only look
CHECKS = {"lint", "check", "test", "test-all", "setup", "help"}  # targets of the Makefile


def of(step: Step, root: Path) -> Iterator[list[str]]:
    """Each simple command of a step, and of the shell programs of ours that it starts; wrappers taken off."""
    programs = list(inline(step))
    for _, text, _ in programs:
        for words in _simple(text):
            yield words
            yield from _inside(words[0], root)
    if "script" not in step.value and not programs:
        image = str(step.value.get("name", "")).split("@")[0].rpartition("/")[2].partition(":")[0]
        words = _bare([step.value.get("entrypoint") or image, *step.args])
        yield words
        yield from _inside(words[0], root)


def _inside(program: str, root: Path) -> Iterator[list[str]]:
    """The commands of a program in bin/; what bin/deploy does is told by its arguments."""
    file = root / program
    if program.startswith("bin/") and program != "bin/deploy" and file.is_file():
        yield from _simple(file.read_text())


def _simple(text: str) -> Iterator[list[str]]:
    for command in re.split(r"&&|\|\|?|;|&|\n|\$\(|`|[(){}]", text.replace("\\\n", " ")):
        if words := _words(command):
            yield _bare(words)


def change(words: list[str]) -> str | None:
    """What a command changes outside the build, as the words that say so; None for one that only looks."""
    program, rest = words[0].rpartition("/")[2], words[1:]
    if PYTHON.fullmatch(program):
        return _module(rest)
    if program in SPECIAL:
        return SPECIAL[program](rest)
    if program in ALWAYS:
        return program
    return next((f"{program} {word}" for word in rest if word in CHANGES.get(program, set())), None)


def _make(words: list[str]) -> str | None:
    return next((f"make {word}" for word in words if word not in CHECKS and not word.startswith("-")), None)


def _kaniko(words: list[str]) -> str | None:
    return None if "--no-push" in words else "executor without --no-push"


def _ours(words: list[str]) -> str | None:
    return None if words[:1] in (["inputs"], ["--help"]) else " ".join(["deploy", *words[:1]])


def _docker(words: list[str]) -> str | None:
    pushing = (w for w in words if w in {"push", "--push"} or (w.startswith("--output") and "type=registry" in w))
    return next((f"docker {word}" for word in pushing), None)


def _curl(words: list[str]) -> str | None:
    sending = (w for w in words if w in CURL_SENDS or re.fullmatch(r"-X(POST|PUT|PATCH|DELETE)|--data-?\w*=.*", w))
    return next((f"curl {word}" for word in sending), None)


def _gcloud(words: list[str]) -> str | None:
    """The first word is a group: ``gcloud run services describe`` only looks."""
    return next((f"gcloud {word}" for word in words[1:] if word in GCLOUD_CHANGES), None)


def _module(words: list[str]) -> str | None:
    for flag, module in pairwise(words):
        if flag == "-m" and module.split(".")[0] in OUR_MODULES:
            if module.startswith("deploy."):  # its programs: lint, functions_source
                return None
            after = words[words.index(module) + 1 :]
            looks = OUR_MODULES[module]
            return None if any(word in looks for word in after) else f"python -m {module} {' '.join(after[:1])}".strip()
    return None


SPECIAL = {
    "make": _make,
    "executor": _kaniko,  # it pushes unless told not to
    "deploy": _ours,
    "docker": _docker,
    "curl": _curl,
    "gcloud": _gcloud,
}


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command, comments=True)
    except ValueError:  # a quote that spans what was split: its words are still words
        return command.split()


def _bare(words: list[str]) -> list[str]:
    """Without what stands before the program: VAR=value, sh, exec, timeout 60 and the like."""
    rest = list(words)
    while len(rest) > 1 and (rest[0].rpartition("/")[2] in WRAPPERS or re.fullmatch(r"\w+=.*|\d+[smh]?", rest[0])):
        rest.pop(0)
        while len(rest) > 1 and rest[0].startswith("-"):
            rest.pop(0)
    return rest
