"""The stand-in provider refuses what the real one would: otherwise a plan on it would prove nothing."""

import json
from pathlib import Path

import pytest

from tests.infrastructure.terraform import Workspace

HEAD = """
terraform {
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 7.0, < 9.0"
    }
  }
}
"""
RIGHT = """
resource "google_eventarc_trigger" "right" {
  name     = "right"
  location = "europe-west1"
  matching_criteria {
    attribute = "type"
    value     = "google.cloud.storage.object.v1.finalized"
  }
  destination {
    cloud_run_service { service = "target" }
  }
}
"""
TRIGGER = RIGHT.replace('"right" {', '"NAME" {')
JOB = """
resource "google_cloud_run_v2_job" "NAME" {
  name     = "job"
  location = "europe-west1"
  template {
    template {
      containers {
        image = "image"
      }
    }
  }
}
"""
FUNCTION = """
resource "google_cloudfunctions2_function" "NAME" {
  name     = "function"
  location = "europe-west1"
  service_config {
    ingress_settings = "ALLOW_INTERNAL_ONLY"
  }
}
"""
# fault -> (the faulty configuration, what terraform's complaint holds)
FAULTS = {
    "a misspelt attribute": (JOB.replace("image =", "imag ="), 'argument named "imag" is not expected'),
    "a missing attribute": (JOB.replace('image = "image"', ""), 'argument "image" is required'),
    "a missing attribute at the top": (TRIGGER.replace('location = "europe-west1"', ""), '"location" is required'),
    "a missing block": (TRIGGER.split("  destination {")[0] + "}", "destination"),
    "a block of another place": (JOB.replace("containers {", "container {"), 'type "container" are not expected'),
    "a block written as an attribute": (
        TRIGGER.split("  destination {")[0] + '  destination = "x"\n}',
        '"destination" is not expected',
    ),
    "a second block where one may stand": (
        JOB.replace("    template {", "    template {\n    }\n    template {"),
        "No more than 1",
    ),
    "a list for a text": (JOB.replace('= "image"', '= ["image"]'), "string required"),
    "a text for a number": (
        JOB.replace("  template {\n    template", '  template {\n task_count = "many"\n    template'),
        "number",
    ),
    "a result of the provider that is set": (
        FUNCTION.replace("  service_config {", '  url = "x"\n  service_config {'),
        "url",
    ),
    "a value that is not documented": (FUNCTION.replace("INTERNAL_ONLY", "INTERNAL"), "ALLOW_INTERNAL_AND_GCLB"),
    "a resource type that does not exist": ('resource "google_cloud_run_v3_job" "NAME" {}', "google_cloud_run_v3_job"),
    "a reference to an attribute that does not exist": (
        JOB.replace('= "image"', "= google_eventarc_trigger.right.idd"),
        "idd",
    ),
    "an argument that version 6 had": (
        FUNCTION.replace("  service_config {", '  service_config {\n service = "x"'),
        "service",
    ),
    "the name of an account that is too short": (
        'resource "google_service_account" "NAME" {\n  account_id = "sync"\n}',
        "6 to 30 lower-case letters",
    ),
    "a schedule that is none": (
        'resource "google_cloud_scheduler_job" "NAME" {\n  name = "x"\n  schedule = "hourly"\n'
        '  http_target { uri = "https://x" }\n}',
        "a cron expression of five fields",
    ),
    "two targets of a schedule": (
        'resource "google_cloud_scheduler_job" "NAME" {\n  name = "x"\n  schedule = "* * * * *"\n'
        '  http_target { uri = "https://x" }\n  pubsub_target { topic_name = "x" }\n}',
        "exactly one of http_target, pubsub_target",
    ),
    "a principal without a kind": (
        'resource "google_project_iam_member" "NAME" {\n  project = "x"\n  role = "roles/run.viewer"\n'
        '  member = "me@example.com"\n}',
        "a principal such as user:",
    ),
    "an empty volume": (
        JOB.replace("containers {", 'volumes {\n name = "x"\n}\ncontainers {'),
        "exactly one of secret",
    ),
}


@pytest.fixture(scope="module")
def complaints(configuration: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What one `terraform validate` says of all faults at once, by the file in which each stands."""
    folder = tmp_path_factory.mktemp("faults")
    (folder / "head.tf").write_text(HEAD)
    (folder / "right.tf").write_text(RIGHT)
    for number, (text, _) in enumerate(FAULTS.values()):
        (folder / f"fault_{number}.tf").write_text(text.replace("NAME", f"fault_{number}"))
    workspace = Workspace(folder, configuration)
    workspace.init()
    found: dict[str, str] = {}
    for diagnostic in json.loads(workspace.run("validate", "-json").stdout)["diagnostics"]:
        file = diagnostic.get("range", {}).get("filename", "")
        found[file] = found.get(file, "") + diagnostic["summary"] + " " + diagnostic.get("detail", "")
    return found


@pytest.mark.parametrize("fault", FAULTS)
def test_it_refuses(fault: str, complaints: dict[str, str]) -> None:
    file = f"fault_{list(FAULTS).index(fault)}.tf"
    assert FAULTS[fault][1] in complaints.get(file, "nothing"), complaints.get(file)


def test_it_accepts_what_is_right(complaints: dict[str, str]) -> None:
    assert "right.tf" not in complaints
    assert "head.tf" not in complaints
