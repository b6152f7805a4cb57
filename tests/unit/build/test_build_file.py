"""cloudbuild.yaml is valid, and ways of breaking it are refused with step, field, value found and expectation."""

# ruff: noqa: E501, PLR0917  # each way of breaking the file is one line of a table

import re
from pathlib import Path

import pytest
import yaml

from deploy.lint.__main__ import faults

GOOD = "cloudbuild.yaml"
PYTHON = "python:3.11.16-bookworm@sha256:b99029c95d3d37fb1e4e76d287f7984373dca77c665885986e31b2c95260c13c"
SMOKE = '    args: [bin/if-deploying, bin/deploy, smoke, --within, "120"]\n'
IN_FILE = "entrypoint: sh\n    args: [bin/build-settings]"
GUARD = 'env: ["DEPLOY=${_DEPLOY}"]'


def messages(text: str, folder: Path) -> list[str]:
    file = folder / "cloudbuild.yaml"
    file.write_text(text)
    return [fault.removeprefix(f"{file}:") for fault in faults(file)]


def in_step(text: str, step: str, old: str, new: str) -> str:
    """``text`` with one replacement inside one step."""
    start = text.index(f"  - id: {step} ")
    following = re.compile(r"^(  - id: |\w)", re.M).search(text, start + 5)
    end = following.start() if following else len(text)
    body = text[start:end]
    assert old in body, f"{old!r} is not in step {step}"
    return text[:start] + body.replace(old, new, 1) + text[end:]


def test_the_repositorys_build_file_is_valid(repository: Path) -> None:
    assert faults(repository / GOOD) == []


# what is broken: the step (none: the whole file), old and new text, then place, value found and what was expected
BROKEN = [
    ("a misspelt key", "check", "waitFor:", "waitfor:", 'step "check": waitfor', "'waitfor'", "such as waitFor"),
    ("a time in minutes", "check", "timeout: 1200s", "timeout: 15m", 'step "check": timeout', "'15m'", "Duration must end with letter"),
    ("an id twice", "test", "id: test", "id: check", 'step "check": id', "'check'", "no earlier step has"),
    ("waiting for an unknown step", "check", "[settings, terraform]", "[setings, terraform]", 'step "check": waitFor[0]', "'setings'", "an earlier step: settings, terraform"),
    ("waiting for a later step", "check", "[settings, terraform]", "[test]", 'step "check": waitFor[0]', "'test'", "an earlier step: settings, terraform"),
    ("an image by tag", "check", PYTHON, "python:3.11-bookworm", 'step "check": name', "'python:3.11-bookworm'", "by digest"),
    ("script beside args", "check", "waitFor", "script: make check\n    waitFor", 'step "check": script', "'script'", "entrypoint and args"),
    ("a program that is not there", "images", "bin/build-images", "bin/build-image", 'step "images": args[0]', "'bin/build-image'", "a file of this repository"),
    ("a key of a service account", "plan", GUARD, 'env: ["DEPLOY=${_DEPLOY}", GOOGLE_APPLICATION_CREDENTIALS=/k.json]', 'step "plan": env[1]', "'GOOGLE_APPLICATION_CREDENTIALS'", "by secretEnv"),
    ("a password in the open", "plan", GUARD, 'env: ["DEPLOY=${_DEPLOY}", DB_PASSWORD=hunter2]', 'step "plan": env[1]', "'DB_PASSWORD'", "by secretEnv"),
    ("an undeclared substitution", "plan", "$_ENVIRONMENT", "$_ENVIROMENT", 'step "plan": args[1]', "'$_ENVIROMENT'", "that is declared"),
    ("a shell variable not escaped", "terraform", "mkdir -p .biaac/bin", "to=.biaac/bin && mkdir -p \"$to\"", 'step "terraform": args[1]', "'$to'", "$$to for a variable of the shell"),
    ("a secret nobody provides", "plan", GUARD, GUARD + "\n    secretEnv: [TOKEN]", 'step "plan": secretEnv[0]', "'TOKEN'", "one of availableSecrets: none"),
    ("bad shell in args", "terraform", "mkdir -p .biaac/bin", "for f in $$(ls); do rm $$f; done", 'step "terraform": args[1]', "rm $f", "SC2086"),
    ("a failure let pass", "test", "waitFor: [check]", "waitFor: [check]\n    allowFailure: true", 'step "test": allowFailure', "True", "push, inputs, plan"),
    ("a push on pull requests", "push", "bin/if-deploying, ", "", 'step "push": file', "'bin/push-images'", "a pull request must not reach it"),
    ("terraform apply in the plan", "terraform", "cp /bin/terraform .biaac/bin/", "terraform -chdir=terraform apply -auto-approve", 'step "terraform": file', "apply", "a pull request must not reach it"),
    ("a guard that always opens", "smoke", "DEPLOY=${_DEPLOY}", "DEPLOY=true", 'step "smoke": env', "['DEPLOY=true']", "DEPLOY=${_DEPLOY}"),
    ("a push beside the tests", "push", "timeout: 900s", "timeout: 900s\n    waitFor: [images]", 'step "push": waitFor', "['images']", "settings, terraform, check, test"),
    ("a deployment that waits for nothing", "apply", "timeout: 3300s", 'timeout: 3300s\n    waitFor: ["-"]', 'step "apply": waitFor', "['-']", "all earlier steps"),
    ("a target that is not there", "check", "args: [check]", "args: [chekc]", 'step "check": args', "['chekc']", "targets of the Makefile"),
    ("no time to go back", "apply", "timeout: 3300s", "timeout: 3000s", 'step "apply": timeout', "'3000s'", "at least 3300s"),
    ("a misspelt top-level key", "", "\ntimeout: 25200s", "\ntimeOut: 25200s", "timeOut", "'timeOut'", "such as timeout"),
    ("no time for the whole", "", "\ntimeout: 25200s", "", "timeout", "nothing", "the end of step smoke"),
    ("an unknown option", "", "logging:", "loging:", "options.loging", "'loging'", "such as logging"),
    ("the bucket of the legacy account", "", "CLOUD_LOGGING_ONLY", "LEGACY", "options.logging", "'LEGACY'", "may not use the default bucket"),
    ("a substitution nobody uses", "", "  _DEPLOY:", "  _OTHER: x\n  _DEPLOY:", "substitutions._OTHER", "'_OTHER'", "an unused one fails the build"),
    ("deploying by default", "", '_DEPLOY: "false"', '_DEPLOY: "true"', "substitutions._DEPLOY", "'true'", '"false"'),
    ("a change without the option", "", "${_REGION}-docker", "${_REGION%-*}-docker", "substitutions._REPOSITORY", "'${_REGION%-*}'", "options.dynamicSubstitutions: true"),
    ("images pushed at the end", "", "\ntimeout:", "\nimages: [$_REPOSITORY/cache]\ntimeout:", "images", "$_REPOSITORY/cache", "no such line"),
    ("a secret without a version", "", "\ntimeout:", "\navailableSecrets: {secretManager: [{versionName: projects/a/secrets/b, env: B}]}\ntimeout:", "availableSecrets.secretManager[0].versionName", "projects/a/secrets/b", "/versions/"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("step", "old", "new", "where", "found", "expected"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN]
)
def test_a_broken_file_is_refused_by_name(
    repository: Path, tmp_path: Path, step: str, old: str, new: str, where: str, found: str, expected: str
) -> None:
    """One message names the line, the place, the value found and what was expected."""
    text = (repository / GOOD).read_text()
    assert old in text
    text = in_step(text, step, old, new) if step else text.replace(old, new, 1)
    if "${_REGION%" in new:
        text = text.replace("  dynamicSubstitutions: true\n", "")
    lines = messages(text, tmp_path)
    pattern = rf"\d+: .*{re.escape(where)}: found .*{re.escape(found)}.*, expected .*{re.escape(expected)}"
    assert any(re.match(pattern, line) for line in lines), "\n".join(lines) or "accepted"


def test_a_merge_that_changes_one_dashboard_is_live_in_eight_minutes(repository: Path) -> None:
    """By the estimates that stand beside the steps; each step waits for what it names, or for all before it."""
    text, ends = (repository / GOOD).read_text(), {"-": 0}
    for step in yaml.safe_load(text)["steps"]:
        (about,) = re.findall(rf"  - id: {step['id']}  # about (\d+) s", text)
        ends[step["id"]] = max(ends[name] for name in step.get("waitFor", ends)) + int(about)
    assert max(ends.values()) <= 8 * 60


def test_a_step_that_is_lost_is_missed(repository: Path, tmp_path: Path) -> None:
    text = (repository / GOOD).read_text()
    start, end = text.index("  - id: smoke "), text.index("\n\n", text.index("  - id: smoke "))
    assert "a step that runs bin/deploy smoke" in "\n".join(messages(text[:start] + text[end:], tmp_path))


@pytest.mark.parametrize(
    ("text", "expected"), [("- a\n", "a mapping with steps"), ("steps: [lint]\n", "one of name, env, args")]
)
def test_what_is_no_build_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in messages(text, tmp_path)[0]
