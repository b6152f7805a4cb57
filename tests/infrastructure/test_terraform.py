"""The real terraform over ``terraform/``: format, validation, its own tests, and the life of a deployment."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from biaac.settings import ROOT
from tests.infrastructure import terraform
from tests.infrastructure.deployment import PROJECT, REGION
from tests.infrastructure.terraform import Workspace

TERRAFORM = ROOT / "terraform"
# What a destroy without a second thought must leave.
KEPT = {
    "module.cache.google_cloud_run_v2_service.main",
    "module.database.google_sql_database_instance.main",
    "module.superset.google_cloud_run_v2_service.main",
    "module.workflow.google_workflows_workflow.main",
}
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


def test_what_nobody_has_to_know_is_long_and_fits_into_a_url() -> None:
    # No plan shows what is ephemeral, so it is read where it is written.
    lengths = re.findall(r"([\w-]+) = \{\n\s+generate_length = (\d+)\n", (TERRAFORM / "main.tf").read_text())
    assert dict(lengths) == {"superset-secret-key": "48", "superset-admin-password": "32"}
    for file, length in (("secrets/main.tf", "each.value.generate_length"), ("database/users.tf", "40")):
        text = (TERRAFORM / "modules" / file).read_text()
        (block,) = re.findall(r'^ephemeral "random_password" "\w+" \{\n(.+?)^\}', text, re.DOTALL | re.MULTILINE)
        assert re.findall(r"^  (length|special) += (\S+)", block, re.MULTILINE) == [
            ("length", length),
            ("special", "false"),
        ], file


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
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the providers read what a person changed; nothing yet."""
    return tmp_path_factory.mktemp("by_hand") / "changes.json"


@pytest.fixture(scope="module")
def providers(pristine: Workspace, by_hand: Path) -> Iterator[dict[str, str]]:
    """Providers that tell after an apply only what the real ones tell then."""
    with terraform.standing_providers(pristine.configuration, {terraform.CHANGED_BY_HAND: str(by_hand)}) as variables:
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


def test_no_secret_is_in_the_state(deployed: Workspace) -> None:
    state = json.loads((deployed.folder / "terraform.tfstate").read_text())
    kept = [
        (one["type"], key)
        for one in state["resources"]
        for instance in one["instances"]
        for key in ("secret_data", "secret_data_wo", "password", "password_wo", "private_key", "result")
        if instance["attributes"].get(key)
    ]
    assert kept == []
    assert "random_password" not in {one["type"] for one in state["resources"]}


def test_a_schedule_changed_by_hand_shows_as_drift_and_is_put_back(deployed: Workspace, by_hand: Path) -> None:
    by_hand.write_text(json.dumps({"google_cloud_scheduler_job": {"sweep": {"schedule": "0 4 * * *", "paused": True}}}))
    try:
        deployed.must("plan", "-input=false", "-no-color", "-out=drift.tfplan")
        plan = json.loads(deployed.must("show", "-json", "drift.tfplan"))
    finally:
        by_hand.unlink()
    (drift,) = plan["resource_drift"]
    assert drift["type"] == "google_cloud_scheduler_job"
    assert drift["change"]["after"]["schedule"] == "0 4 * * *"
    (change,) = (one for one in plan["resource_changes"] if one["change"]["actions"] != ["no-op"])
    assert (change["type"], change["change"]["actions"]) == ("google_cloud_scheduler_job", ["update"])
    assert (change["change"]["after"]["schedule"], change["change"]["after"]["paused"]) == ("*/15 * * * *", False)


def test_destroying_is_refused_until_protection_is_taken_away(
    deployed: Workspace, providers: dict[str, str], values: Values, tmp_path: Path
) -> None:
    workspace = deployed.again(tmp_path / "copy", providers)
    refused = workspace.run("destroy", "-auto-approve", "-refresh=false", "-input=false", "-no-color")
    assert refused.returncode == 1
    assert "without setting deletion_protection=false" in refused.stderr
    assert set(workspace.must("state", "list").split()) >= KEPT


def test_without_protection_everything_can_be_destroyed(
    deployed: Workspace, providers: dict[str, str], values: Values, tmp_path: Path
) -> None:
    workspace = deployed.again(tmp_path / "copy", providers)
    workspace.plan({**values("team"), "deletion_protection": False})
    workspace.must("apply", "-input=false", "-no-color", "saved.tfplan")
    workspace.must("destroy", "-auto-approve", "-refresh=false", "-input=false", "-no-color")
    assert [line for line in workspace.must("state", "list").split() if "data." not in line] == []


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
