"""cloudbuild.yaml is well, and each way of breaking it is refused with step, field, value found and expectation."""

# ruff: noqa: E501, PLR0917  # each way of breaking the file is one line of a table

import re
from pathlib import Path

import pytest

from biaac.settings import ROOT
from deploy.lint import chain
from deploy.lint.__main__ import faults

GOOD = "cloudbuild.yaml"
PYTHON = "python:3.11.16-bookworm@sha256:b99029c95d3d37fb1e4e76d287f7984373dca77c665885986e31b2c95260c13c"
SMOKE = '    args: [bin/if-deploying, bin/deploy, smoke, --within, "120"]\n'
IN_FILE = "entrypoint: sh\n    args: [bin/build-settings]"
GUARD = 'env: ["DEPLOY=${_DEPLOY}"]'


def told(text: str, folder: Path) -> list[str]:
    file = folder / "cloudbuild.yaml"
    file.write_text(text)
    return [str(fault).removeprefix(f"{file}:") for fault in faults(file)]


def in_step(text: str, step: str, old: str, new: str) -> str:
    """``text`` with one replacement inside one step."""
    start = text.index(f"  - id: {step}\n")
    following = re.compile(r"^(  - id: |\w)", re.M).search(text, start + 5)
    end = following.start() if following else len(text)
    body = text[start:end]
    assert old in body, f"{old!r} is not in step {step}"
    return text[:start] + body.replace(old, new, 1) + text[end:]


def test_the_repositorys_build_file_is_well(repository: Path) -> None:
    assert faults(repository / GOOD) == []


# what is broken: step, old and new text, then step, field, found and expected as they are told
IN_A_STEP = [
    ("a misspelt key", "lint", "waitFor:", "waitfor:", "lint", "waitfor", "'waitfor'", "such as waitFor"),
    ("a key of the API's own name", "lint", "waitFor:", "wait_for:", "lint", "wait_for", "'wait_for'", "a field of BuildStep"),
    ("args as one text", "lint", "args: [lint]", "args: lint", "lint", "args", "'lint'", "a list"),
    ("a number among args", "smoke", '"120"', "120", "smoke", "args[4]", "120", "a text"),
    ("a time in minutes", "lint", "timeout: 900s", "timeout: 15m", "lint", "timeout", "'15m'", "seconds as text"),
    ("a time as number", "lint", "timeout: 900s", "timeout: 900", "lint", "timeout", "900", "seconds as text"),
    ("a time below zero", "lint", "timeout: 900s", "timeout: -900s", "lint", "timeout", "'-900s'", "seconds as text"),
    ("a step without a time", "lint", "    timeout: 900s\n", "", "lint", "timeout", "nothing", "such as 600s"),
    ("a field the service writes", "lint", "timeout: 900s", "timeout: 900s\n    status: SUCCESS", "lint", "status", "'status'", "not a file's to set"),
    ("an empty value", "lint", "waitFor: [settings]", "waitFor:", "lint", "waitFor", "nothing", "a value, or no such line"),
    ("a yes that is a text", "settings", "timeout: 600s", 'timeout: 600s\n    automapSubstitutions: "yes"', "settings", "automapSubstitutions", "'yes'", "true or false"),
    ("an id twice", "test", "id: test", "id: lint", "lint", "id", "'lint'", "no earlier step has"),
    ("no id", "lint", "  - id: lint\n    name", "  - name", "#2", "id", "nothing", "a name such as"),
    ("an id of another alphabet", "lint", "id: lint", "id: Lint it", "Lint it", "id", "'Lint it'", "a name such as"),
    ("waiting for an unknown step", "lint", "[settings]", "[setings, terraform]", "lint", "waitFor[0]", "'setings'", "an earlier step: settings, terraform"),
    ("waiting for a later step", "lint", "[settings]", "[test]", "lint", "waitFor[0]", "'test'", "this one comes later"),
    ("waiting for itself", "lint", "[settings]", "[lint]", "lint", "waitFor[0]", "'lint'", "an earlier step"),
    ("waiting for nothing and something", "lint", "[settings]", '["-", settings]', "lint", "waitFor[0]", "'-'", "- alone"),
    ("waiting twice", "lint", "[settings]", "[settings, settings]", "lint", "waitFor[1]", "'settings'", "each step once"),
    ("an image by tag", "lint", PYTHON, "python:3.11-bookworm", "lint", "name", "'python:3.11-bookworm'", "by digest"),
    ("an image by latest", "plan", "hashicorp/terraform:1.11.4@sha256", "hashicorp/terraform:latest#sha256", "plan", "name", "terraform:latest", "by digest"),
    ("a digest cut short", "lint", "95260c13c", "95260c1", "lint", "name", "95260c1'", "64 hex digits"),
    ("a digest in capitals", "lint", "b99029c9", "B99029C9", "lint", "name", "B99029C9", "64 hex digits"),
    ("no image", "lint", f"    name: {PYTHON}\n", "", "lint", "name", "nothing", "by digest"),
    ("script beside args", "lint", "waitFor", "script: make lint\n    waitFor", "lint", "args", "['lint']", "either script"),
    ("an empty script", "settings", IN_FILE, 'script: " "', "settings", "script", "' '", "a program"),
    ("a folder that is not there", "settings", "timeout: 600s", "timeout: 600s\n    dir: nowhere", "settings", "dir", "'nowhere'", "a folder of this repository"),
    ("a program that is not there", "images", "bin/build-images", "bin/build-image", "images", "args[0]", "'bin/build-image'", "a file of this repository"),
    ("a program that is not there, in a script", "settings", IN_FILE, "script: bin/enviroment deploy", "settings", "file", "'bin/enviroment'", "a program of this repository"),
    ("a variable without a value", "push", GUARD, "env: [DEPLOY]", "push", "env[0]", "'DEPLOY'", "NAME=value"),
    ("a variable twice", "plan", GUARD, 'env: ["DEPLOY=${_DEPLOY}", "DEPLOY=true"]', "plan", "env[1]", "'DEPLOY'", "each variable once"),
    ("a key of a service account", "plan", GUARD, 'env: ["DEPLOY=${_DEPLOY}", GOOGLE_APPLICATION_CREDENTIALS=/k.json]', "plan", "env[1]", "'GOOGLE_APPLICATION_CREDENTIALS'", "no key"),
    ("a password in the open", "plan", GUARD, 'env: ["DEPLOY=${_DEPLOY}", DB_PASSWORD=hunter2]', "plan", "env[1]", "'DB_PASSWORD'", "by secretEnv"),
    ("an undeclared substitution", "plan", "$_ENVIRONMENT", "$_ENVIROMENT", "plan", "args[1]", "'$_ENVIROMENT'", "that is declared"),
    ("an unknown built-in", "images", "$BUILD_ID", "$BUILDID", "images", "args[2]", "'$BUILDID'", "a built-in substitution"),
    ("a shell variable not escaped", "terraform", "mkdir -p .biaac/bin", "to=.biaac/bin && mkdir -p \"$to\"", "terraform", "args[1]", "'$to'", "$$to for a variable of the shell"),
    ("a substitution in a script", "settings", IN_FILE, "script: echo \"$BUILD_ID\"", "settings", "script", "'$BUILD_ID'", "a script is not substituted"),
    ("a secret nobody provides", "plan", GUARD, GUARD + "\n    secretEnv: [TOKEN]", "plan", "secretEnv[0]", "'TOKEN'", "one of availableSecrets: none"),
    ("bad shell in a script", "settings", IN_FILE, "automapSubstitutions: true\n    script: cd .biaac/$COMMIT_SHA", "settings", "script", "cd .biaac/$COMMIT_SHA", "SC2086"),
    ("bad shell in args", "terraform", "mkdir -p .biaac/bin", "for f in $$(ls); do rm $$f; done", "terraform", "args[1]", "rm $f", "SC2086"),
    ("shell that does not parse", "terraform", "mkdir -p .biaac/bin &&", "if true;", "terraform", "args[1]", "if true;", "SC1"),
    ("a failure let pass", "test", "waitFor: [lint, terraform]", "waitFor: [lint, terraform]\n    allowFailure: true", "test", "allowFailure", "True", "push, inputs, plan"),
    ("an exit code let pass", "lint", "waitFor: [settings]", "waitFor: [settings]\n    allowExitCodes: [1]", "lint", "allowExitCodes", "[1]", "would go on after a failure"),
    ("a volume of one step", "lint", "waitFor: [settings]", "waitFor: [settings]\n    volumes: [{name: v, path: /v}]", "lint", "volumes", "'v'", "that two steps mount"),
    ("a push on pull requests", "push", "bin/if-deploying, ", "", "push", "file", "'push-images'", "a pull request must not reach it"),
    ("an apply on pull requests", "apply", "bin/if-deploying, ", "", "apply", "file", "'deploy apply'", "a pull request must not reach it"),
    ("terraform apply in the plan", "terraform", "cp /bin/terraform .biaac/bin/", "terraform -chdir=terraform apply -auto-approve", "terraform", "file", "'terraform apply'", "a pull request must not reach it"),
    ("docker push in a check", "images", "sh\n    args: [bin/build-images, $_REPOSITORY, $BUILD_ID]", "docker\n    args: [push, $_REPOSITORY, $BUILD_ID]", "images", "file", "'docker push'", "a pull request must not reach it"),
    ("gcloud deploy in a check", "terraform", "cp /bin/terraform .biaac/bin/", "gcloud run deploy cache", "terraform", "file", "'gcloud deploy'", "a pull request must not reach it"),
    ("a guard that reads nothing", "smoke", "    " + GUARD + "\n", "", "smoke", "env", "nothing", "DEPLOY=${_DEPLOY}"),
    ("a guard that always opens", "smoke", "DEPLOY=${_DEPLOY}", "DEPLOY=true", "smoke", "env", "['DEPLOY=true']", "DEPLOY=${_DEPLOY}"),
    ("a guard of nothing", "smoke", SMOKE, "    args: [bin/if-deploying]\n", "smoke", "args", "['bin/if-deploying']", "a command after the guard"),
    ("a push beside the tests", "push", "timeout: 900s", "timeout: 900s\n    waitFor: [images]", "push", "waitFor", "['images']", "settings, terraform, lint, test"),
    ("a deployment that waits for nothing", "apply", "timeout: 3300s", 'timeout: 3300s\n    waitFor: ["-"]', "apply", "waitFor", "['-']", "all earlier steps"),
    ("no time at all", "apply", "    timeout: 3300s\n", "", "apply", "timeout", "nothing", "at least 3300s"),
    ("a substitution not closed", "push", "${_DEPLOY}", "${_DEPLOY", "push", "env[0]", "'${_DEPLOY'", "closed"),
    ("an image of another digest", "test", "b99029c9", "b99029c8", "test", "name", "b99029c8", "one image, one digest"),
    ("a program the image does not hold", "lint", "entrypoint: make", "entrypoint: cmake", "lint", "entrypoint", "'cmake'", "a program of this image: bash, git, make"),
    ("no entrypoint", "inputs", "    entrypoint: sh\n", "", "inputs", "args", "bin/deploy", "a Python file"),
    ("docker told a file", "images", "    entrypoint: sh\n", "", "images", "args", "bin/build-images", "a command of docker"),
    ("terraform told a file", "plan", "    entrypoint: sh\n", "", "plan", "args", "bin/terraform-plan", "a command of terraform"),
    ("a shell told a program", "terraform", "[-c, ", "[", "terraform", "args", "mkdir -p", "or -c and one program"),
    ("a shell told nothing", "images", "    args: [bin/build-images, $_REPOSITORY, $BUILD_ID]\n", "", "images", "args", "nothing", "a file of this repository for sh"),
    ("a target that is not there", "lint", "args: [lint]", "args: [lnit]", "lint", "args", "['lnit']", "targets of the Makefile"),
    ("make told nothing", "lint", "    args: [lint]\n", "", "lint", "args", "nothing", "targets of the Makefile"),
    ("a variable that a program asks for", "plan", "    " + GUARD + "\n", "", "plan", "env", "nothing", "DEPLOY=..., which bin/terraform-plan asks for"),
    ("a variable of another name", "settings", "REGION=$_REGION", "LOCATION=$_REGION", "settings", "env", "LOCATION=$_REGION", "REGION=..., which bin/build-settings asks for"),
    ("no time to go back", "apply", "timeout: 3300s", "timeout: 3000s", "apply", "timeout", "'3000s'", "at least 3300s"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("step", "old", "new", "at", "field", "found", "expected"),
    [variant[1:] for variant in IN_A_STEP],
    ids=[variant[0] for variant in IN_A_STEP],
)
def test_a_broken_step_is_refused_by_name(
    repository: Path, tmp_path: Path, step: str, old: str, new: str, at: str, field: str, found: str, expected: str
) -> None:
    text = in_step((repository / GOOD).read_text(), step, old, new)
    lines = told(text, tmp_path)
    assert any(
        re.match(r"\d+: ", line)
        and f'step "{at}": {field}: found' in line
        and found in line.partition(", expected ")[0]
        and expected in line.partition(", expected ")[2]
        for line in lines
    ), "\n".join(lines) or "accepted"


# what is broken: old and new text, then field, found and expected as they are told
IN_THE_WHOLE = [
    ("a misspelt top-level key", "\ntimeout: 25200s", "\ntimeOut: 25200s", "timeOut", "'timeOut'", "such as timeout"),
    ("no time for the whole", "\ntimeout: 25200s", "", "timeout", "nothing", "a time for the whole build"),
    ("longer than a day", "timeout: 25200s", "timeout: 86401s", "timeout", "'86401s'", "86400s"),
    ("shorter than its steps", "timeout: 25200s", "timeout: 3600s", "timeout", "'3600s'", "on the way to the end of smoke"),
    ("an unknown option", "logging:", "loging:", "options.loging", "'loging'", "such as logging"),
    ("no place for logs", "  logging: CLOUD_LOGGING_ONLY\n", "", "options.logging", "nothing", "CLOUD_LOGGING_ONLY"),
    ("an unknown place for logs", "CLOUD_LOGGING_ONLY", "CLOUD_LOGS", "options.logging", "'CLOUD_LOGS'", "one of LEGACY"),
    ("the bucket of the legacy account", "CLOUD_LOGGING_ONLY", "LEGACY", "options.logging", "'LEGACY'", "may not use the default bucket"),
    ("an unknown machine", "logging:", "machineType: E2_HIGH\n  logging:", "options.machineType", "'E2_HIGH'", "E2_HIGHCPU_8"),
    ("a substitution in small letters", "  _DEPLOY:", "  _other: x\n  _DEPLOY:", "substitutions._other", "'_other'", "_ and capitals"),
    ("a substitution without _", "  _DEPLOY:", "  OTHER: x\n  _DEPLOY:", "substitutions.OTHER", "'OTHER'", "_ and capitals"),
    ("a substitution nobody uses", "  _DEPLOY:", "  _OTHER: x\n  _DEPLOY:", "substitutions._OTHER", "'_OTHER'", "an unused one fails the build"),
    ("a truth as substitution", '_DEPLOY: "false"', "_DEPLOY: false", "substitutions._DEPLOY", "False", "in quotes"),
    ("deploying by default", '_DEPLOY: "false"', '_DEPLOY: "true"', "substitutions._DEPLOY", "'true'", '"false"'),
    ("a change without the option", "${_REGION}-docker", "${_REGION%-*}-docker", "substitutions._REPOSITORY", "'${_REGION%-*}'", "options.dynamicSubstitutions: true"),
    ("a substitution in another without the option", "  dynamicSubstitutions: true\n", "", "substitutions._REPOSITORY", "'${_REGION}'", "options.dynamicSubstitutions: true"),
    ("images pushed at the end", "\ntimeout:", "\nimages: [$_REPOSITORY/cache]\ntimeout:", "images", "$_REPOSITORY/cache", "no such line"),
    ("artifacts pushed at the end", "\ntimeout:", "\nartifacts: {images: [a]}\ntimeout:", "artifacts", "'images'", "no such line"),
    ("an account by e-mail", "\ntimeout:", "\nserviceAccount: build@acme.iam.gserviceaccount.com\ntimeout:", "serviceAccount", "build@acme", "projects/<project>/serviceAccounts/"),
    ("a secret without a version", "\ntimeout:", "\navailableSecrets: {secretManager: [{versionName: projects/a/secrets/b, env: B}]}\ntimeout:", "availableSecrets.secretManager[0].versionName", "projects/a/secrets/b", "/versions/"),
    ("a secret nobody uses", "\ntimeout:", "\navailableSecrets: {secretManager: [{versionName: projects/a/secrets/b/versions/1, env: B}]}\ntimeout:", "availableSecrets.secretManager[0].env", "'B'", "in secretEnv"),
    ("keys in the old manner", "\ntimeout:", "\nsecrets: []\ntimeout:", "secrets", "'secrets'", "not a file's to set"),
    ("a key twice", "\ntimeout:", "\noptions: {}\ntimeout:", "file", "the key 'options' twice", "each key once"),
    ("no YAML", "steps:\n", "steps: [\n", "file", "", "YAML"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "field", "found", "expected"),
    [variant[1:] for variant in IN_THE_WHOLE],
    ids=[variant[0] for variant in IN_THE_WHOLE],
)
def test_a_broken_whole_is_refused_by_name(
    repository: Path, tmp_path: Path, old: str, new: str, field: str, found: str, expected: str
) -> None:
    text = (repository / GOOD).read_text()
    assert old in text
    text = text.replace(old, new, 1)
    if "${_REGION%" in new:
        text = text.replace("  dynamicSubstitutions: true\n", "")
    lines = told(text, tmp_path)
    assert any(
        f" {field}: found" in line
        and found in line.partition(", expected ")[0]
        and expected in line.partition(", expected ")[2]
        for line in lines
    ), "\n".join(lines) or "accepted"


COMMANDS = [piece.command for piece in chain.pieces()]
STEPS = re.findall(r"^  - id: (.*)$", (ROOT / GOOD).read_text(), re.M)


@pytest.mark.parametrize(("step", "command"), list(zip(STEPS, COMMANDS, strict=True)), ids=STEPS)
def test_a_step_that_is_lost_is_missed(repository: Path, tmp_path: Path, step: str, command: str) -> None:
    text = without((repository / GOOD).read_text(), step)[0]
    assert any(
        "steps: found " in line and line.endswith(f"a step that runs: {command}") for line in told(text, tmp_path)
    )


@pytest.mark.parametrize("step", STEPS[STEPS.index("push") :])
def test_a_deployments_step_before_its_time_is_refused(repository: Path, tmp_path: Path, step: str) -> None:
    text, body = without((repository / GOOD).read_text(), step)
    before = text.index(f"  - id: {STEPS[STEPS.index(step) - 1]}\n")
    assert any("expected to wait for: " in line for line in told(text[:before] + body + text[before:], tmp_path))


@pytest.mark.parametrize(("step", "command"), list(zip(STEPS, COMMANDS, strict=True)), ids=STEPS)
def test_a_command_changed_by_a_letter_is_another_command(
    repository: Path, tmp_path: Path, step: str, command: str
) -> None:
    last = command.rsplit(maxsplit=1)[-1]
    arguments = re.compile(rf"(  - id: {step}\n(?:    .*\n)*?    args: .*){re.escape(last)}(?=[],])")
    text, changed = arguments.subn(rf"\1{last}x", (repository / GOOD).read_text())
    assert changed == 1
    assert told(text, tmp_path) != []


def without(text: str, step: str) -> tuple[str, str]:
    """The file without a step, and that step."""
    start = text.index(f"  - id: {step}\n")
    following = re.compile(r"^(  - id: |\w)", re.M).search(text, start + 5)
    assert following is not None
    return text[:start] + text[following.start() :], text[start : following.start()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "a mapping with steps"),
        ("- a\n", "a mapping with steps"),
        ("steps: []\n", "at least one step"),
        ("steps: {}\n", "a list"),
        ("steps: [null]\n", "a mapping (BuildStep)"),
        ("steps: [lint]\n", "a mapping (BuildStep)"),
    ],
)
def test_what_is_no_build_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in told(text, tmp_path)[0]
