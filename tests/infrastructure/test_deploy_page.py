"""The five commands of docs/deploy.md, planned offline as they are printed."""

import json
import shlex
import shutil
import zipfile
from pathlib import Path

import pytest
import yaml

from biaac.settings import ROOT
from tests.infrastructure import terraform
from tests.infrastructure.terraform import LEFT_OVERS, LOCAL_STATE, Workspace
from tests.operations import runbook

PROJECT, REGION = "acme-analytics", "europe-west1"  # as the page names them, to be replaced by the reader


def commands() -> list[str]:
    (block,) = runbook.blocks(ROOT / "docs/deploy.md", runbook.CLOUD)["Five commands"]
    return block.commands.splitlines()


def build_flags() -> dict[str, str]:
    """The flags of the last: the build submitted by hand."""
    words = shlex.split(commands()[-1])
    return dict(word.removeprefix("--").split("=", 1) for word in words if word.startswith("--"))


def terraform_commands(line: str) -> list[list[str]]:
    """The terraform commands of a line, without the bucket of the state; planned where they apply."""
    offline = []
    for command in line.split(" && "):
        arguments = [each for each in shlex.split(command)[1:] if not each.startswith("-backend-config")]
        planned = ["plan", "-out=saved.tfplan"]
        arguments = [part for each in arguments for part in (planned if each == "apply" else [each])]
        offline.append([*arguments, "-input=false", "-no-color"])
    return offline


def test_the_build_by_hand_gives_what_the_build_declares() -> None:
    flags = build_flags()
    declared = yaml.safe_load((ROOT / flags["config"]).read_text())["substitutions"]
    given = dict(pair.split("=", 1) for pair in flags["substitutions"].split(","))
    assert len(commands()) <= 5
    assert given.keys() <= declared.keys()
    assert (given["_DEPLOY"], given["_REGION"], flags["region"], flags["project"]) == ("true", REGION, REGION, PROJECT)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What the commands read, as it is before the first of them: the reader's file and no archive."""
    for source in terraform.SOURCES:
        shutil.copytree(ROOT / source, tmp_path / source, ignore=LEFT_OVERS)
    shutil.copytree(ROOT / "connections", tmp_path / "connections", ignore=shutil.ignore_patterns("sources"))
    for root in ("terraform", "terraform/bootstrap"):
        (tmp_path / root / "local_state_override.tf").write_text(LOCAL_STATE)
    shutil.copy(tmp_path / "terraform/examples/small.tfvars", tmp_path / "terraform/prod.tfvars")
    return tmp_path


def test_the_terraform_commands_work_as_printed(checkout: Path, providers: dict[str, str]) -> None:
    """Bootstrap and the whole stack; then the account that the build is submitted as is one of the plan's."""
    bootstrap, apply = (line for line in commands() if line.startswith("terraform"))
    shell = Workspace(checkout, providers)
    for arguments in terraform_commands(bootstrap):
        shell.must(*arguments)
    outputs = json.loads(shell.must("-chdir=terraform/bootstrap", "show", "-json", "saved.tfplan"))["planned_values"]
    assert f"-backend-config=bucket={outputs['outputs']['state_bucket']['value']} " in apply
    init, plan = terraform_commands(apply)
    shell.must(*init)
    assert "bin/functions-source" in shell.run(*plan).stderr, "the command before is named where it was left out"
    archive = checkout / ".biaac/build/functions.zip"
    archive.parent.mkdir(parents=True)
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("main.py", "")
    shell.must(*plan)
    account = build_flags()["service-account"].rpartition("/")[2].partition("@")[0]
    assert f'"account_id":"{account}"' in shell.must("-chdir=terraform", "show", "-json", "saved.tfplan")
