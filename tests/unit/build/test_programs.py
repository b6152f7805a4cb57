"""The build's small shell programs, with docker and terraform that write down their calls."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from biaac import company
from deploy.settings import DeploySettings

DOCKER = """#!/bin/sh
echo "docker $*" >> "$CALLS"
case "$1 $2" in
  pull*) [ -f there ] && grep -qx "$3" there ;;
  "image inspect") for last in "$@"; do :; done
    name=${last%:*}
    echo "other.registry/x@sha256:0000"
    [ -n "$NO_DIGEST" ] || echo "$name@sha256:$(printf '%064d' 7)" ;;
  push*) [ "$FAIL" != "$3" ] ;;
  build*) [ -z "$FAIL" ] ;;
esac
"""
TERRAFORM = """#!/bin/sh
echo "terraform $*" >> "$CALLS"
[ "$1" != output ] || [ "$FAIL" = output ] || echo '{"cache":"c@sha256:1"}'
[ "$FAIL" != "$1" ]
"""
REPOSITORY = "europe-west1-docker.pkg.dev/acme/images"


@pytest.fixture
def checkout(repository: Path, tmp_path: Path) -> Path:
    """The files the programs read, and two connectors."""
    shutil.copytree(repository / "bin", tmp_path / "bin")
    for name in ("grocery", "web_shop"):
        (tmp_path / "connections/sources" / name).mkdir(parents=True)
    for folder in ("terraform", "biaac", "cache_service", "ingestion", "superset", "transform", "sqlmesh_project"):
        (tmp_path / folder).mkdir()
    for name in ("Dockerfile", ".dockerignore", "pyproject.toml", "uv.lock", "company.yaml", "connections/a.yaml"):
        (tmp_path / name).touch()
    (tmp_path / "fake").mkdir()
    for name, text in (("docker", DOCKER), ("terraform", TERRAFORM)):
        (tmp_path / "fake" / name).write_text(text)
        (tmp_path / "fake" / name).chmod(0o755)
    return tmp_path


def run(checkout: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    path = f"{checkout / 'fake'}:{os.environ['PATH']}"
    environment = {"PATH": path, "CALLS": str(checkout / "calls"), "FAIL": "", "NO_DIGEST": "", **variables}
    return subprocess.run(["sh", *command], cwd=checkout, env=environment, capture_output=True, text=True, check=False)


def calls(checkout: Path) -> list[str]:
    return (checkout / "calls").read_text().splitlines() if (checkout / "calls").exists() else []


def test_nothing_runs_where_a_build_does_not_deploy(checkout: Path) -> None:
    done = run(checkout, "bin/if-deploying", "docker", "push", "x", DEPLOY="false")
    assert (done.returncode, calls(checkout)) == (0, [])
    assert "left out: docker push x" in done.stdout


def test_a_build_that_deploys_runs_it_and_fails_with_it(checkout: Path) -> None:
    assert run(checkout, "bin/if-deploying", "docker", "push", "-q", "x", DEPLOY="true").returncode == 0
    assert calls(checkout) == ["docker push -q x"]
    assert run(checkout, "bin/if-deploying", "docker", "push", "-q", "x", DEPLOY="true", FAIL="x").returncode == 1


@pytest.mark.parametrize("value", ["", "yes", "TRUE", "$_DEPLOY"])
def test_an_unclear_answer_is_no_deployment_and_no_success(checkout: Path, value: str) -> None:
    assert run(checkout, "bin/if-deploying", "docker", "push", "x", DEPLOY=value).returncode == 2
    assert calls(checkout) == []


TARGETS = ("cache", "ingestion", "superset", "transform", "connector")
NAMES = ["cache", "ingestion", "superset", "transform", "connector-grocery", "connector-web-shop"]


def build_images(checkout: Path) -> dict[str, str]:
    """Build; the images built, each by its name, and the hash of its inputs."""
    (checkout / "calls").unlink(missing_ok=True)
    assert run(checkout, "bin/build-images", REPOSITORY, "4f2a").returncode == 0
    tags = [call.split("--tag ")[1].split()[0] for call in calls(checkout) if call.startswith("docker build")]
    return dict(tag.removeprefix(f"{REPOSITORY}/").split(":") for tag in tags)


def test_every_image_is_built_and_none_pushed(checkout: Path) -> None:
    assert list(build_images(checkout)) == NAMES
    made = [call for call in calls(checkout) if call.startswith("docker build")]
    assert "--target connector" in made[-1]
    assert "--build-arg CONNECTOR=web_shop" in made[-1]
    assert all(call.endswith(" .") and "--cache-from" in call for call in made)
    assert "push" not in " ".join(calls(checkout))
    assert f"docker tag {REPOSITORY}/cache:{build_images(checkout)['cache']} {REPOSITORY}/cache:4f2a" in calls(checkout)


def test_an_image_is_built_only_where_its_inputs_changed(checkout: Path) -> None:
    first = build_images(checkout)
    (checkout / "there").write_text("".join(f"{REPOSITORY}/{name}:{tag}\n" for name, tag in first.items()))
    assert build_images(checkout) == {}
    (checkout / "superset/dashboards").mkdir()
    (checkout / "superset/dashboards/sales.yaml").write_text("title: {en: Sales}")
    assert list(build_images(checkout)) == ["superset"]
    (checkout / "biaac/errors.py").write_text("...")
    assert list(build_images(checkout)) == NAMES


def copied(dockerfile: str, target: str) -> set[str]:
    """Every path of the repository that the Dockerfile copies into a target, or into a stage it is made of."""
    stages: dict[str, set[str]] = {}
    for line in dockerfile.splitlines():
        match line.split():
            case ["FROM", parent, "AS", name]:
                now = stages[name] = set(stages.get(parent, set()))
            case ["COPY", source, *_] if source.startswith("--from="):
                now |= stages[source.removeprefix("--from=")]
            case ["COPY", *sources, _]:
                now |= set(sources)
    return stages[target]


def test_every_file_that_the_dockerfile_copies_is_an_input_of_its_image(repository: Path, checkout: Path) -> None:
    dockerfile = (repository / "Dockerfile").read_text()
    images = {"connector-web-shop" if name == "connector" else name: copied(dockerfile, name) for name in TARGETS}
    now = build_images(checkout)
    for source in sorted(set().union(*images.values())):
        path = checkout / source.replace("*", "a").replace("${CONNECTOR}", "web_shop")
        with (path / "file" if path.is_dir() else path).open("a") as file:
            file.write("changed")
        before, now = now, build_images(checkout)
        assert [name for name, sources in images.items() if source in sources and now[name] == before[name]] == []


def test_each_pushed_image_is_written_down_by_its_own_digest(checkout: Path) -> None:
    run(checkout, "bin/build-images", REPOSITORY, "4f2a")
    assert run(checkout, "bin/push-images", REPOSITORY, "4f2a").returncode == 0
    lines = (checkout / ".biaac/build/images.txt").read_text().splitlines()
    assert lines[0] == f"cache {REPOSITORY}/cache@sha256:{7:064d}"
    assert len(lines) == 6


@pytest.mark.parametrize("fault", [{"FAIL": f"{REPOSITORY}/superset:4f2a"}, {"NO_DIGEST": "1"}])
def test_a_push_that_fails_or_names_no_digest_writes_nothing_down(checkout: Path, fault: dict[str, str]) -> None:
    run(checkout, "bin/build-images", REPOSITORY, "4f2a")
    assert run(checkout, "bin/push-images", REPOSITORY, "4f2a", **fault).returncode != 0
    assert not (checkout / ".biaac/build/images.txt").exists()


def test_a_plan_is_made_of_the_environments_file_and_the_builds(checkout: Path) -> None:
    assert run(checkout, "bin/terraform-plan", "prod", "acme-state", DEPLOY="true").returncode == 0
    init, validate, plan = calls(checkout)
    assert "-backend-config=bucket=acme-state" in init
    assert "-backend-config=prefix=prod" in init
    assert validate.startswith("terraform validate")
    assert plan.endswith("-var-file=prod.tfvars -var-file=../.biaac/build/inputs.tfvars.json")
    assert "-lock=false" not in plan
    assert "-refresh=false" not in plan


def test_a_pull_requests_plan_is_made_of_the_state_alone(checkout: Path) -> None:
    assert run(checkout, "bin/terraform-plan", "prod", "acme-state", DEPLOY="false").returncode == 0
    plan = calls(checkout)[-1]
    assert "-lock=false -refresh=false" in plan
    assert plan.endswith('-var=images={"cache":"c@sha256:1"}')


def test_a_pull_request_before_the_first_apply_plans_with_placeholders(checkout: Path) -> None:
    done = run(checkout, "bin/terraform-plan", "prod", "acme-state", DEPLOY="false", FAIL="output")
    assert done.returncode == 0
    assert calls(checkout)[-1].endswith("-var=images={}")


@pytest.mark.parametrize("command", ["init", "validate", "plan"])
def test_a_failure_of_terraform_ends_the_step(checkout: Path, command: str) -> None:
    assert run(checkout, "bin/terraform-plan", "prod", "acme-state", DEPLOY="true", FAIL=command).returncode != 0
    assert calls(checkout)[-1].startswith(f"terraform {command}")


def test_the_file_of_variables_is_read_unless_an_environment_is_set(checkout: Path) -> None:
    python = checkout / ".biaac/envs/deploy/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "{\\"project\\": \\"$GOOGLE_CLOUD_PROJECT\\", \\"args\\": \\"$*\\"}"\n')
    python.chmod(0o755)
    (checkout / ".biaac/build").mkdir()
    (checkout / ".biaac/build/deploy.env").write_text("GOOGLE_CLOUD_PROJECT=acme\n")
    assert json.loads(run(checkout, "bin/deploy", "inputs").stdout) == {"project": "acme", "args": "-m deploy inputs"}
    other = run(checkout, "bin/deploy", "roll-back", GOOGLE_CLOUD_PROJECT="mine").stdout
    assert json.loads(other)["project"] == "mine"


def test_the_first_step_tells_the_later_ones_where_they_are(
    checkout: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = yaml.safe_load((repository / "cloudbuild.yaml").read_text())
    (settings,) = (step for step in build["steps"] if step["id"] == "settings")
    known = {"PROJECT_ID": "acme", "COMMIT_SHA": "1b857ec", **build["substitutions"]}
    given = dict(entry.split("=", 1) for entry in settings["env"])
    for program in ("environment", "functions-source"):
        (checkout / "bin" / program).write_text(f'#!/bin/sh\necho "{program} $*" >> "$CALLS"\n')
    done = run(checkout, "bin/build-settings", **{name: known[text.strip("$")] for name, text in given.items()})
    assert done.returncode == 0, done.stderr
    assert [line.strip() for line in calls(checkout)] == ["environment deploy", "functions-source"]
    written = (checkout / ".biaac/build/deploy.env").read_text().splitlines()
    for line in written:
        monkeypatch.setenv(*line.split("=", 1))
    loaded = DeploySettings.load()
    assert (loaded.project, loaded.location, loaded.environment) == ("acme", "europe-west1", "prod")
    assert (loaded.bronze_bucket, loaded.lake_bucket, loaded.ops_bucket) == ("acme-bronze", "acme-lake", "acme-ops")
    assert (loaded.revision, loaded.terraform) == ("1b857ec", str(checkout / ".biaac/bin/terraform"))


@pytest.mark.parametrize("missing", ["PROJECT_ID", "REGION", "ENVIRONMENT", "COMMIT_SHA"])
def test_a_build_that_does_not_say_where_it_is_ends_at_once(checkout: Path, missing: str) -> None:
    variables = {"PROJECT_ID": "acme", "REGION": "europe-west1", "ENVIRONMENT": "prod", "COMMIT_SHA": "1b857ec"}
    done = run(checkout, "bin/build-settings", **{name: value for name, value in variables.items() if name != missing})
    assert done.returncode != 0
    assert missing in done.stderr


def test_triggers_give_exactly_the_substitutions_of_the_build_file(repository: Path) -> None:
    declared = set(yaml.safe_load((repository / "cloudbuild.yaml").read_text())["substitutions"])
    root, module = repository / "terraform/main.tf", repository / "terraform/modules/build/main.tf"
    given = set(re.findall(r"\b(_[A-Z][A-Z_]*) += ", root.read_text() + module.read_text()))
    assert given == declared


def test_a_pull_request_to_the_companys_own_files_alone_runs_no_test_of_the_engine(repository: Path) -> None:
    module = (repository / "terraform/modules/build/main.tf").read_text()
    (places,) = re.findall(r"places = \[(.*?)\]", module, re.DOTALL)
    assert re.findall(r'"(.*?)"', places) == company.places()


def test_hadolint_finds_nothing_wrong_with_the_dockerfile(repository: Path) -> None:
    hadolint = repository / ".biaac/envs/dev/bin/hadolint"
    done = subprocess.run([hadolint, repository / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
