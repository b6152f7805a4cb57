"""The pages say only what is there: files, headings, commands of ours, targets of make."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from biaac.settings import ROOT
from cli.main import app

DOCS = [page for page in sorted((ROOT / "docs").rglob("*.md")) if page.parent.name != "adr"]  # those say what was
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "ARCHITECTURE.md", *DOCS]
OURS = {"bin", "connections", "docs", "sqlmesh_project", "superset", "terraform", "tests"}
MADE_BY_THE_READER = {"terraform/prod.tfvars", "terraform/*.tfvars"}
pages = pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pages
def test_every_file_and_heading_that_a_page_links_to_is_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if not target.startswith("http"):
            path, _, heading = target.partition("#")
            file = page.parent / path if path else page
            assert file.exists(), target
            assert not heading or heading in anchors(file), target


@pages
def test_every_path_that_a_page_names_is_there(page: Path) -> None:
    named = set(re.findall(r"`((?:[\w.-]+/)+[\w.*-]*)`", page.read_text())) - MADE_BY_THE_READER
    ours = sorted(name for name in named if name.partition("/")[0] in OURS)
    assert [name for name in ours if not list(ROOT.glob(name.rstrip("/")))] == []


@pages
def test_every_biaac_command_of_a_page_exists_with_its_flags(page: Path) -> None:
    for line in re.findall(r"(?:^|`)(?:bin/)?biaac ([^`\n|>&;#]+)", page.read_text(), re.MULTILINE):
        words = shlex.split(line.replace("NAME", "x").replace("...", "x"))
        command = [word for word in words if re.fullmatch(r"[a-z][a-z-]*", word)][:2]
        shown = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
        assert shown.exit_code == 0, line
        flags = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert [flag for flag in flags if flag not in shown.output] == [], line


@pages
def test_every_target_of_make_that_a_page_names_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"(?:^\$ |`)make ([a-z-]+)", page.read_text(), re.MULTILINE)
    assert set(named) <= targets
