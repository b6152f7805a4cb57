"""A company without the demo takes a newer version in by the commands of docs/upgrade.md, and nothing of its own moves.

The repositories are made from this one's own history: upstream stands at HEAD, the company began 30 commits earlier.
"""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from biaac import company
from biaac.settings import ROOT
from cli.demo import SKELETON

BACK = 30  # commits
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
PLACES = [f":(glob){place}" for place in company.places()]
ELSEWHERE = [f":(exclude,glob){place}" for place in company.places()]
OWN = ROOT / "tests/company"
AUTHOR = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"]


def git(folder: Path, *arguments: str) -> list[str]:
    done = subprocess.run(["git", *AUTHOR, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"git {' '.join(arguments)}\n{done.stdout}{done.stderr}"
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository with HEAD tagged as the version it says it is."""
    count = int(git(ROOT, "rev-list", "--count", "HEAD")[0])
    assert count > BACK, f"{count} commits of history here, {BACK + 1} are needed; next: git fetch --unshallow"
    folder = tmp_path_factory.mktemp("upstream")
    git(ROOT, "clone", "--quiet", "--no-tags", str(ROOT), str(folder))
    git(folder, "tag", f"v{VERSION}", "HEAD")
    return folder


@pytest.fixture(scope="module")
def before(upstream: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company that began 30 commits ago, took the demo out, and has a company's files of its own."""
    folder = tmp_path_factory.mktemp("company")
    git(upstream, "clone", "--quiet", "--no-tags", str(upstream), str(folder))
    git(folder, "checkout", "--quiet", "-B", "main", f"HEAD~{BACK}")
    for name, value in (("user.name", "Ann"), ("user.email", "ann@example.com")):
        git(folder, "config", name, value)
    demo = [name for name in git(folder, "ls-files", "--", *PLACES) if name not in SKELETON]
    git(folder, "rm", "--quiet", *demo)
    for place in ("connections", "sqlmesh_project", "superset/dashboards", "superset/datasets"):
        shutil.copytree(OWN / place, folder / place, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    if (folder / "company.yaml").exists():
        (folder / "company.yaml").write_text("first_day: 2028-02-29\n")
    (folder / "superset/theme.yaml").write_text("# ours\n" + (folder / "superset/theme.yaml").read_text())
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "Our own")
    return folder


@pytest.fixture(scope="module")
def after(upstream: Path, before: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same company, upgraded as the page says."""
    folder = tmp_path_factory.mktemp("upgraded") / "company"
    shutil.copytree(before, folder, symlinks=True)
    page = (ROOT / "docs/upgrade.md").read_text()
    for tag in ("sh once", "sh upgrade"):
        (commands,) = re.findall(rf"^```{tag}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
        commands = re.sub(r"<the address of .*?>", str(upstream), commands)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout}{done.stderr}"
    return folder


def test_no_file_of_the_companys_own_is_touched(before: Path, after: Path) -> None:
    own = git(before, "ls-files", "--", *PLACES)
    assert len(own) > 20, "a connection, models, metrics, unit tests, dashboards"
    assert [name for name in own if (before / name).read_bytes() != (after / name).read_bytes()] == []


def test_no_file_of_the_demo_comes_back(before: Path, after: Path) -> None:
    new = set(git(after, "ls-files", "--", *PLACES)) - set(git(before, "ls-files", "--", *PLACES))
    assert new <= SKELETON


def test_the_files_that_every_company_begins_with_are_there(after: Path) -> None:
    assert [name for name in SKELETON if not (after / name).is_file()] == []


def test_the_engine_is_upstreams(after: Path) -> None:
    assert git(after, "diff", "--name-only", f"v{VERSION}", "HEAD", "--", ".", *ELSEWHERE) == []
    assert git(after, "status", "--porcelain") == []


def test_upgrading_again_changes_nothing(after: Path) -> None:
    at = git(after, "rev-parse", "HEAD")
    done = subprocess.run(["bin/upgrade", f"v{VERSION}"], cwd=after, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"v{VERSION} is in here already\n")
    assert git(after, "rev-parse", "HEAD") == at


def test_a_file_of_the_engine_that_both_changed_is_named_and_the_upgrade_stops(
    upstream: Path, before: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "company"
    shutil.copytree(before, folder, symlinks=True)
    changed = git(upstream, "diff", "--name-only", "--diff-filter=M", f"HEAD~{BACK}", "HEAD", "--", "biaac", "cli")
    (folder / changed[0]).write_text("# ours\n")
    git(folder, "commit", "--quiet", "-am", "A file of the engine as we like it")
    git(folder, "fetch", "--quiet", "--tags", str(upstream))
    command = f"git show v{VERSION}:bin/upgrade | sh -s v{VERSION}"
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"changed by you and by upstream:\n{changed[0]}\n")


def test_uncommitted_changes_stop_it_before_it_begins(upstream: Path, before: Path, tmp_path: Path) -> None:
    folder = tmp_path / "company"
    shutil.copytree(before, folder, symlinks=True)
    (folder / "superset/theme.yaml").write_text("# not committed\n")
    git(folder, "fetch", "--quiet", "--tags", str(upstream))
    command = f"git show v{VERSION}:bin/upgrade | sh -s v{VERSION}"
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "uncommitted changes; next: git commit or git stash\n")
    assert (folder / "superset/theme.yaml").read_text() == "# not committed\n"


def test_the_companys_files_are_valid_for_the_new_engine(after: Path) -> None:
    (after / ".biaac").mkdir(exist_ok=True)
    for made in ("envs", "uv"):
        (after / ".biaac" / made).symlink_to(ROOT / ".biaac" / made)
    command = ["bin/check", "connections", "models", "dashboards"]
    done = subprocess.run(command, cwd=after, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_version_is_the_same_in_the_project_the_changelog_and_the_page() -> None:
    newest = re.search(r"^## (\d\S*)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest
    assert newest[1] == VERSION
    assert set(re.findall(r"\bv(\d+\.\d+\.\d+)\b", (ROOT / "docs/upgrade.md").read_text())) == {VERSION}
