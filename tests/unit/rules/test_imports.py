"""Each import rule of ARCHITECTURE.md, broken once: ``lint-imports`` names the import that breaks it."""

import configparser
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


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of every room, and a connector."""
    from biaac.settings import ROOT

    folder = tmp_path_factory.mktemp("checkout")
    shutil.copy(ROOT / ".importlinter", folder)
    for room in rooms(ROOT):
        for path in (ROOT / room).rglob("*.py"):
            copy = folder / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    connector = folder / "connections/sources/any/source_any"
    connector.mkdir(parents=True)
    (connector / "__init__.py").touch()
    (connector / "main.py").touch()
    return folder


def lint(repository: Path, checkout: Path) -> subprocess.CompletedProcess[str]:
    program = repository / ".biaac/envs/dev/bin/lint-imports"
    return subprocess.run(
        [program, "--no-cache"],
        cwd=checkout,
        env={"PYTHONPATH": ".", "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_rules_hold(repository: Path, checkout: Path) -> None:
    done = lint(repository, checkout)
    assert done.returncode == 0, done.stdout
    for contract in (SHARED, ROOMS, ALONE):
        assert f"{contract} KEPT" in done.stdout


@pytest.mark.parametrize(("file", "line", "contract"), BROKEN)
def test_an_import_that_breaks_a_rule_is_named(
    repository: Path, checkout: Path, file: str, line: str, contract: str
) -> None:
    path = checkout / file
    text = path.read_text()
    path.write_text(f"{line}\n{text}")
    try:
        done = lint(repository, checkout)
    finally:
        path.write_text(text)
    assert done.returncode == 1
    assert f"{contract} BROKEN" in done.stdout
    assert file.removesuffix(".py").replace("/", ".") in done.stdout.partition("Broken contracts")[2]


def test_every_room_is_in_the_rules(repository: Path) -> None:
    rules = configparser.ConfigParser()
    rules.read(repository / ".importlinter")
    named = set(rules["importlinter"]["root_packages"].split())
    assert named >= rooms(repository)
    assert set(rules["importlinter:contract:shared"]["forbidden_modules"].split()) == named - {"biaac"}
    assert set(rules["importlinter:contract:rooms"]["modules"].split()) == named - {"biaac"}
