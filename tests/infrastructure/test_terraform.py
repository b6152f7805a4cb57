"""The real terraform over ``terraform/``: format, validation, and the refusal of variables that cannot be right."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from biaac.settings import ROOT
from tests.infrastructure import terraform
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


# Variable -> what is given, and what the message holds. No two rules read each other's variable: one plan says all.
CASES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "project_id": ("Acme Analytics", ('found "Acme Analytics"', '"acme-analytics"')),
    "viewers": (["allUsers"], ("allUsers", "never right")),
    "operators": (["the on-call person"], ("the on-call person", "data@example.com")),
    "sweep_minutes": (7, ("found 7", "divides an hour")),
    "profile": ("large", ('found "large"', "small or team")),
    "environment": ("Prod!", ('found "Prod!"', '"prod"')),
    "images": ({"cache": "europe-west1-docker.pkg.dev/acme/images/cache:latest"}, ("cache:latest", "@sha256:")),
    "connections": ({"nowhere": {}}, ("nowhere", "grocery, web_shop")),
    "billing_account": ("mine", ('found "mine"', "012345-6789AB-CDEF01")),
    "labels": ({"Cost Center": "Sales"}, ("Cost Center", "cost_center")),
    "functions_source": ("nowhere.zip", ("nowhere.zip", "bin/functions-source")),
    "revision": ("two words", ('found "two words"', "git revision")),
}


def test_a_refusal_names_the_value_and_a_right_one(
    workspace: Workspace, values: Callable[[str], dict[str, Any]]
) -> None:
    variables = {**values("small"), **{name: value for name, (value, _) in CASES.items()}}
    done = workspace.attempt(variables, "-json")
    assert done.returncode == 1, "it was planned"
    lines = map(json.loads, done.stdout.splitlines())
    texts = [" ".join(line["diagnostic"]["detail"].split()) for line in lines if "diagnostic" in line]
    for name, (_, parts) in CASES.items():
        assert any(all(part in text for part in (name, *parts)) for text in texts), (name, texts)
