"""What the build names is what Terraform makes: registry, state, images, and everything a deployment can roll back."""

import re

import yaml

from biaac.settings import ROOT
from deploy import inputs, running
from tests.infrastructure import workloads
from tests.infrastructure.deployment import Deployment


def substitutions(cloud: Deployment) -> dict[str, str]:
    """The build file's own, filled in for a project."""
    texts: dict[str, str] = yaml.safe_load((ROOT / "cloudbuild.yaml").read_text())["substitutions"]
    known = {"PROJECT_ID": cloud.variables["project_id"], "_REGION": cloud.variables["region"]}
    return {name: re.sub(r"\$\{?(\w+)\}?", lambda match: str(known[match[1]]), text) for name, text in texts.items()}


def test_images_are_pushed_where_the_registry_is(cloud: Deployment) -> None:
    assert substitutions(cloud)["_REPOSITORY"] == cloud.outputs["image_repository"]


def test_the_state_is_in_the_bucket_that_the_bootstrap_makes(cloud: Deployment) -> None:
    bootstrap = (ROOT / "terraform/bootstrap/main.tf").read_text()
    (name,) = re.findall(r'google_storage_bucket" "state" \{[^}]*? name += "\$\{var\.project_id\}([^"]*)"', bootstrap)
    assert substitutions(cloud)["_STATE_BUCKET"] == cloud.variables["project_id"] + name


def test_a_deployment_that_fails_can_bring_back_everything_that_runs(cloud: Deployment) -> None:
    jobs = {name for name in workloads.jobs(cloud) if not name.startswith("ingest-")}  # one for each connection
    assert set(running.JOBS) == jobs
    assert set(running.FUNCTIONS) == set(workloads.functions(cloud))
    ours = {name for name in running.SERVICES if name != "ingestion" or cloud.airbyte == "job"}
    assert ours == set(workloads.services(cloud))


def test_the_build_tells_terraform_the_image_of_everything_that_has_one(cloud: Deployment) -> None:
    assert set(cloud.outputs["images"]) == {*inputs.CONTAINERS, "connections"}
