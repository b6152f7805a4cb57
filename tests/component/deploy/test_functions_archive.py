"""The functions' archive: the same bytes for the same files, and every entry point starts from it alone."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx
import pytest

from deploy import functions_source
from tests.conftest import free_port, wait_for

# entry point: what it is sent, and how it may answer: done or refused by name, never 500, which is a bug
ENTRY_POINTS: dict[str, tuple[dict[str, str], tuple[int, ...]]] = {
    "sync": ({"connection": "none"}, (422,)),
    "bronze_finalized": ({"bucket": "elsewhere", "name": "a.parquet"}, (200, 204)),
    "sweep": ({}, (200, 503)),
    "warm_cache": ({"execution": "none"}, (422, 503)),
    "promote": ({"release": "none"}, (422, 503)),
}
EVENT = {
    "ce-id": "1",
    "ce-source": "//storage",
    "ce-specversion": "1.0",
    "ce-type": "google.cloud.storage.object.v1.finalized",
}


def test_the_same_files_are_the_same_bytes(repository: Path, tmp_path: Path) -> None:
    there = tmp_path / "checkout"
    for folder, pattern in (("functions", "*.py"), ("biaac", "*.py"), ("connections", "*.yaml")):
        (there / folder).mkdir(parents=True)
        for file in sorted((repository / folder).glob(pattern), reverse=True):
            (there / folder / file.name).write_bytes(file.read_bytes())  # another time, another order
            (there / folder / file.name).chmod(0o600)
    for tools in ("bin", ".biaac"):
        (there / tools).symlink_to(repository / tools)
    for name in ("pyproject.toml", "uv.lock"):
        (there / name).write_bytes((repository / name).read_bytes())
    first = functions_source.write(tmp_path / "a.zip", functions_source.entries(repository))
    second = functions_source.write(tmp_path / "b.zip", functions_source.entries(there))
    assert first == second
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_it_holds_the_entry_points_and_nothing_of_a_user(repository: Path) -> None:
    names = set(functions_source.entries(repository))
    connections = {f"connections/{file.name}" for file in (repository / "connections").glob("*.yaml")}
    assert {"main.py", "requirements.txt", "biaac/settings.py", *connections} <= names
    assert not [name for name in names if name.startswith(".") or name.endswith((".pyc", ".env", ".json"))]


def test_every_requirement_has_its_hash(repository: Path) -> None:
    lines = functions_source.requirements(repository).decode().replace("\\\n", " ").splitlines()
    assert lines
    assert [line for line in lines if "--hash=sha256:" not in line] == []


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Cloud Functions' build makes of the archive: its files, and an environment of its requirements."""
    repository = Path(__file__).parents[3]
    folder = tmp_path_factory.mktemp("functions")
    subprocess.run([repository / "bin/functions-source", folder / "a.zip"], check=True, capture_output=True)
    with zipfile.ZipFile(folder / "a.zip") as archive:
        archive.extractall(folder / "source")
    uv = [str(repository / "bin/uv"), "--quiet"]
    subprocess.run([*uv, "venv", "--python", sys.executable, folder / "venv"], check=True)
    install = ["pip", "install", "--python", folder / "venv/bin/python", "--require-hashes", "--requirement"]
    subprocess.run([*uv, *install, folder / "source/requirements.txt"], check=True)
    return folder


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_every_entry_point_starts_from_the_archive_alone(
    name: str, unpacked: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    """As Cloud Run starts it; nothing of this checkout is on its path."""
    more = {"CACHE_URL": "grpc://127.0.0.1:1", "WORKFLOWS_EMULATOR_HOST": "127.0.0.1:1", "PATH": os.environ["PATH"]}
    variables = {name: value for name, value in environment.items() if name != "PYTHONPATH"} | more
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [unpacked / "venv/bin/functions-framework", "--target", name, "--host", "127.0.0.1", "--port", str(port)]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=unpacked / "source", env=variables, stdout=log, stderr=log)
    body, statuses = ENTRY_POINTS[name]
    try:
        wait_for(lambda: httpx.get(url, timeout=60).status_code, what=f"{name} answers")
        answer = httpx.post(url, json=body, headers=EVENT if name == "bronze_finalized" else {}, timeout=60)
    finally:
        process.kill()
        process.wait()
    assert answer.status_code in statuses
    assert "ModuleNotFoundError" not in (tmp_path / "log").read_text()
