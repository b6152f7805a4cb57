"""Each import rule of ARCHITECTURE.md, broken once: ``lint-imports`` names the import that breaks it."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

SHARED, ROOMS, ALONE = (
    "biaac uses no room",
    "rooms do not use each other, but for those named here",
    "connectors and stand-ins use nothing of ours",
)
# a file, a line that it must not hold, the contract that line breaks
BROKEN = [
    ("biaac/errors.py", "import functions.main", SHARED),
    ("biaac/objects.py", "from superset.compiler import files", SHARED),
    ("ingestion/api.py", "from functions import starts", ROOMS),
    ("functions/syncs.py", "from stand_ins import storage", ROOMS),
    ("functions/main.py", "import superset.settings", ROOMS),
    ("transform/job.py", "from sqlmesh_project import config", ROOMS),
    ("transform/build.py", "import ingestion.job_records", ROOMS),
    ("sqlmesh_project/config.py", "from cache_service import results", ROOMS),
    ("cache_service/pool.py", "from transform import job", ROOMS),
    ("superset/compiler/files.py", "from cache_service import protocol", ROOMS),
    ("superset/apply.py", "import cli.main", ROOMS),
    ("cli/main.py", "from transform import metrics", ROOMS),
    ("laptop/plan.py", "import deploy.settings", ROOMS),
    ("deploy/jobs.py", "from cache_service import results", ROOMS),
    ("deploy/smoke.py", "import laptop.plan", ROOMS),
    ("stand_ins/storage.py", "import biaac.files", ALONE),
    ("stand_ins/storage.py", "import laptop.plan", ROOMS),
    ("connections/sources/any/source_any/main.py", "from biaac import errors", ALONE),
    ("connections/sources/any/source_any/main.py", "from ingestion import job_records", ROOMS),
]


def rooms(repository: Path) -> set[str]:
    """Folders of the repository that hold Python that is neither a test nor documentation."""
    others = {"tests", "docs", "terraform"}
    folders = [path for path in repository.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return {path.name for path in folders if any(path.rglob("*.py"))} - others


@pytest.fixture
def checkout(repository: Path, tmp_path: Path) -> Path:
    """The Python of every room, and a connector."""
    shutil.copy(repository / ".importlinter", tmp_path)
    for room in rooms(repository):
        python = [path.relative_to(repository) for path in (repository / room).rglob("*.py")]
        for path in python:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(repository / path, tmp_path / path)
    connector = tmp_path / "connections/sources/any/source_any"
    connector.mkdir(parents=True)
    (connector / "__init__.py").touch()
    (connector / "main.py").touch()
    return tmp_path


def lint(repository: Path, checkout: Path) -> str:
    """What the linter prints, with every broken import as ``room.module -> other.module``."""
    return subprocess.run(
        [repository / ".biaac/envs/dev/bin/lint-imports", "--no-cache"],
        cwd=checkout,
        env={"PYTHONPATH": ".", "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    ).stdout


def test_the_rules_hold_and_each_import_that_breaks_one_is_named(repository: Path, checkout: Path) -> None:
    printed = lint(repository, checkout)
    assert [f"{contract} KEPT" in printed for contract in (SHARED, ROOMS, ALONE)] == [True] * 3, printed
    for file, line, _ in BROKEN:
        path = checkout / file
        path.write_text(f"{line}\n{path.read_text()}")
    _, _, broken = lint(repository, checkout).partition("Broken contracts")
    for file, line, contract in BROKEN:
        importer = file.removesuffix(".py").replace("/", ".")
        imported = line.split()[1]
        assert re.search(rf"{re.escape(importer)} -> {re.escape(imported)}", section(broken, contract)), line


def section(broken: str, contract: str) -> str:
    """The part on one contract."""
    text = broken[broken.index(f"{contract}\n") :]
    following = [text.index(f"{other}\n") for other in {SHARED, ROOMS, ALONE} - {contract} if f"{other}\n" in text]
    return text[: min(following, default=len(text))]


def test_every_room_is_in_the_rules(repository: Path) -> None:
    rules = configparser.ConfigParser()
    rules.read(repository / ".importlinter")
    named = set(rules["importlinter"]["root_packages"].split())
    assert named >= rooms(repository)
    assert set(rules["importlinter:contract:shared"]["forbidden_modules"].split()) == named - {"biaac"}
    assert set(rules["importlinter:contract:rooms"]["modules"].split()) == named - {"biaac"}
