"""The real terraform over ``terraform/``: format, validation, its own tests, and the life of a deployment."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from biaac.settings import ROOT
from tests.infrastructure import terraform
from tests.infrastructure.deployment import PROJECT, REGION
from tests.infrastructure.terraform import Workspace

TERRAFORM = ROOT / "terraform"
Values = Callable[[str], dict[str, Any]]


def test_where_terraform_is_missing_or_old_it_is_said_what_to_install(
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


def test_the_files_are_formatted(configuration: Path) -> None:
    done = Workspace(TERRAFORM, configuration).run("fmt", "-check", "-recursive", "-diff", "-no-color")
    assert done.returncode == 0, f"terraform fmt -recursive terraform\n{done.stdout}"


def test_the_configuration_is_valid(workspace: Workspace) -> None:
    answer = json.loads(workspace.run("validate", "-json").stdout)
    assert answer["diagnostics"] == []


def test_the_bootstrap_makes_the_bucket_of_the_state_and_nothing_else(
    pristine: Workspace, providers: dict[str, str], tmp_path: Path
) -> None:
    folder = pristine.again(tmp_path / "copy").folder / "bootstrap"
    workspace = Workspace(folder, pristine.configuration, providers)
    workspace.init()
    plan = workspace.plan({"project_id": PROJECT, "region": REGION})
    made = [one for one in plan["resource_changes"] if one["type"] != "google_project_service"]
    buckets = [one["change"]["after"] for one in made if one["type"] == "google_storage_bucket"]
    assert [one["type"] for one in made] == ["google_storage_bucket"]
    assert buckets[0]["name"] == f"{PROJECT}-state"
    assert buckets[0]["public_access_prevention"] == "enforced"
    assert buckets[0]["versioning"][0]["enabled"] is True


@pytest.mark.parametrize("folder", [*sorted({file.parent.parent for file in TERRAFORM.rglob("*.tftest.hcl")})], ids=str)
def test_its_own_tests_pass(folder: Path, pristine: Workspace, providers: dict[str, str], tmp_path: Path) -> None:
    copy = pristine.again(tmp_path / "copy").folder / folder.relative_to(TERRAFORM)
    workspace = Workspace(copy, pristine.configuration, providers)
    workspace.init()
    done = workspace.run("test", "-no-color")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 failed" in done.stdout
    assert "Success! 0 passed" not in done.stdout


@pytest.fixture(scope="module")
def providers(pristine: Workspace) -> Iterator[dict[str, str]]:
    """Providers whose results are known after an apply only, as the real ones' are."""
    with terraform.standing_providers(pristine.configuration) as variables:
        yield variables


@pytest.fixture(scope="module")
def deployed(
    pristine: Workspace, providers: dict[str, str], values: Values, tmp_path_factory: pytest.TempPathFactory
) -> Workspace:
    """The variant ``team``, deployed into an empty project by one apply."""
    workspace = pristine.again(tmp_path_factory.mktemp("deployed") / "root", providers)
    workspace.plan(values("team"))
    workspace.must("apply", "-input=false", "-no-color", "saved.tfplan")
    return workspace


def test_one_apply_deploys_everything(deployed: Workspace) -> None:
    planned = json.loads(deployed.must("show", "-json", "saved.tfplan"))["resource_changes"]
    made = {one["address"] for one in planned if one["mode"] == "managed"}
    assert {one["change"]["actions"][0] for one in planned if one["mode"] == "managed"} == {"create"}
    stated = deployed.must("state", "list").split()
    assert made <= set(stated)


def test_a_second_plan_is_empty(deployed: Workspace) -> None:
    done = deployed.run("plan", "-input=false", "-no-color", "-detailed-exitcode")
    assert done.returncode == 0, done.stdout
    assert "No changes." in done.stdout


def test_going_from_one_airbyte_to_another_keeps_what_is_kept(
    deployed: Workspace, providers: dict[str, str], values: Values, tmp_path: Path
) -> None:
    workspace = deployed.again(tmp_path / "copy", providers)
    plan = workspace.plan({**values("team"), "airbyte": "cloud"})
    gone = {one["type"] for one in plan["resource_changes"] if "delete" in one["change"]["actions"]}
    assert not gone & {
        "google_storage_bucket",
        "google_sql_database_instance",
        "google_sql_database",
        "google_sql_user",
    }
    assert "google_cloud_run_v2_job" in gone
