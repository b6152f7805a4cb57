"""The real terraform over ``terraform/``: format, validation, its own tests, and the bootstrap."""

import json
from pathlib import Path

import pytest

from biaac.settings import ROOT
from tests.infrastructure import terraform
from tests.infrastructure.deployment import PROJECT, REGION
from tests.infrastructure.terraform import Workspace

TERRAFORM = ROOT / "terraform"


def test_where_terraform_is_missing_or_old_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(terraform.NotInstalledError, match=r"not found on PATH\. Install terraform >= 1\.11"):
        terraform.executable()
    old = tmp_path / "terraform"
    old.write_text("""#!/bin/sh\necho '{"terraform_version": "1.9.8"}'\n""")
    old.chmod(0o755)
    with pytest.raises(terraform.NotInstalledError, match=r"is terraform 1\.9\.8\. Install terraform >= 1\.11"):
        terraform.executable()


def test_the_files_are_formatted() -> None:
    done = Workspace(TERRAFORM, {}).run("fmt", "-check", "-recursive", "-diff", "-no-color")
    assert done.returncode == 0, f"terraform fmt -recursive terraform\n{done.stdout}"


def test_the_configuration_is_valid(workspace: Workspace) -> None:
    answer = json.loads(workspace.run("validate", "-json").stdout)
    assert answer["diagnostics"] == []


def test_the_bootstrap_makes_the_bucket_of_the_state_and_nothing_else(workspace: Workspace, tmp_path: Path) -> None:
    folder = workspace.again(tmp_path / "copy").folder / "bootstrap"
    bootstrap = Workspace(folder, workspace.variables)
    bootstrap.init()
    plan = bootstrap.plan({"project_id": PROJECT, "region": REGION})
    made = [one for one in plan["resource_changes"] if one["type"] != "google_project_service"]
    buckets = [one["change"]["after"] for one in made if one["type"] == "google_storage_bucket"]
    assert [one["type"] for one in made] == ["google_storage_bucket"]
    assert buckets[0]["name"] == f"{PROJECT}-state"
    assert buckets[0]["public_access_prevention"] == "enforced"
    assert buckets[0]["versioning"][0]["enabled"] is True


@pytest.mark.parametrize("folder", [*sorted({file.parent.parent for file in TERRAFORM.rglob("*.tftest.hcl")})], ids=str)
def test_its_own_tests_pass(folder: Path, workspace: Workspace, tmp_path: Path) -> None:
    copy = workspace.again(tmp_path / "copy").folder / folder.relative_to(TERRAFORM)
    tested = Workspace(copy, workspace.variables)
    tested.init()
    done = tested.run("test", "-no-color")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 failed" in done.stdout
    assert "Success! 0 passed" not in done.stdout
