"""`biaac demo remove` takes out what demo.sha256 lists, and nothing else."""

import shutil
import subprocess
from pathlib import Path

import pytest

from biaac.settings import ROOT
from cli import demo

LISTED = {line.split("  ")[1] for line in (ROOT / "demo.sha256").read_text().splitlines()}


def copy_with_the_demo(target: Path) -> Path:
    """The files that this repository's git holds, as they are here, and its environments by a link."""
    names = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)
    (target / ".biaac").mkdir()
    for made in ("envs", "uv"):
        (target / ".biaac" / made).symlink_to(ROOT / ".biaac" / made)
    return target


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of this repository that may lose files."""
    return copy_with_the_demo(tmp_path)


def remove(checkout: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = ["bin/biaac", "demo", "remove", *options]
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)


def files(checkout: Path) -> set[str]:
    return {
        str(path.relative_to(checkout)) for path in checkout.rglob("*") if path.is_file() and ".biaac" not in str(path)
    }


def test_every_file_in_a_companys_places_is_the_demos_or_one_that_every_company_begins_with() -> None:
    assert [name for name in demo.SKELETON if not (ROOT / name).is_file()] == []
    listed = {line.split("  ")[1]: line.split("  ")[0] for line in (ROOT / "demo.sha256").read_text().splitlines()}
    assert sorted(listed) == demo.files(), "python -m cli.demo > demo.sha256"
    checked = subprocess.run(["sha256sum", "--quiet", "-c", "demo.sha256"], cwd=ROOT, capture_output=True, check=False)
    assert checked.returncode == 0, f"{checked.stdout.decode()}; next: python -m cli.demo > demo.sha256"


def test_the_plan_removes_nothing(checkout: Path) -> None:
    before = files(checkout)
    planned = remove(checkout)
    assert planned.returncode == 0
    assert {line.removeprefix("- ") for line in planned.stdout.splitlines() if line.startswith("- ")} == LISTED
    assert "next: biaac demo remove --yes\n" in planned.stdout
    assert files(checkout) == before


def test_the_demo_goes_and_a_companys_own_files_stay(checkout: Path) -> None:
    own = checkout / "sqlmesh_project/models/gold/own.sql"
    own.write_text("SELECT 1")
    before = files(checkout)
    assert remove(checkout, "--yes").returncode == 0
    assert before - files(checkout) == LISTED
    assert own.exists()
    assert not (checkout / "connections/sources/grocery").exists(), "no empty folder is left"


def test_it_may_run_twice(checkout: Path) -> None:
    remove(checkout, "--yes")
    again = remove(checkout, "--yes")
    assert (again.returncode, again.stdout) == (0, "the demo is not here: nothing to remove\n")


def test_a_file_that_the_company_changed_goes_only_when_it_says_so(checkout: Path) -> None:
    changed = "superset/dashboards/sales_overview.yaml"
    with (checkout / changed).open("a") as file:
        file.write("# mine\n")
    before = files(checkout)
    refused = remove(checkout, "--yes")
    assert refused.returncode == 1
    assert f"1 files of the demo are changed, and nothing was removed: {changed}" in refused.stderr
    assert files(checkout) == before
    assert remove(checkout, "--yes", "--changed").returncode == 0
    assert not (checkout / changed).exists()
