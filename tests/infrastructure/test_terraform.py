"""The real terraform over ``terraform/``: format, validation, and its own tests."""

import json
from pathlib import Path

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
