"""The functions' archive: the same bytes for the same files, and every entry point starts from it alone."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deploy import functions_source
from tests.component.images.imports import IMPORTS
from tests.conftest import free_port, wait_for

ENTRY_POINTS = {
    "sync": {"connection": "none"},
    "bronze_finalized": None,
    "sweep": {},
    "warm_cache": {"execution": "none"},
    "promote": {"release": "none"},
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


def test_a_changed_file_is_another_archive(repository: Path, tmp_path: Path) -> None:
    files = functions_source.entries(repository)
    assert functions_source.write(tmp_path / "a.zip", files) != functions_source.write(
        tmp_path / "b.zip", {**files, "main.py": files["main.py"] + b"\n"}
    )


def test_it_holds_the_entry_points_and_nothing_of_a_user(repository: Path) -> None:
    names = set(functions_source.entries(repository))
    assert {"main.py", "requirements.txt", "biaac/settings.py", "connections/grocery.yaml"} <= names
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


@pytest.fixture
def urls(unpacked: Path, environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """One server for each entry point, as Cloud Run starts it; nothing of this checkout is on its path."""
    variables = {name: value for name, value in environment.items() if name != "PYTHONPATH"}
    variables |= {
        "CACHE_URL": "grpc://127.0.0.1:1",
        "WORKFLOWS_EMULATOR_HOST": "127.0.0.1:1",
        "PATH": os.environ["PATH"],
    }
    started, urls = [], {}
    for name in ENTRY_POINTS:
        port = free_port()
        command = [unpacked / "venv/bin/functions-framework", "--target", name, "--host", "127.0.0.1"]
        log = (unpacked / f"{name}.log").open("wb")
        process = subprocess.Popen(
            [*command, "--port", str(port)], cwd=unpacked / "source", env=variables, stdout=log, stderr=log
        )
        started.append(process)
        urls[name] = f"http://127.0.0.1:{port}"
    for name, url in urls.items():
        wait_for(lambda url=url: httpx.get(url, timeout=60).status_code, what=f"{name} answers")
    yield urls
    for process in started:
        process.kill()
        process.wait()


def test_every_entry_point_starts_from_the_archive_alone(urls: dict[str, str], unpacked: Path) -> None:
    answers = {}
    for name, body in ENTRY_POINTS.items():
        if body is None:
            event = {"bucket": "elsewhere", "name": "a.parquet"}
            headers = {"ce-id": "1", "ce-source": "//storage", "ce-specversion": "1.0"}
            headers["ce-type"] = "google.cloud.storage.object.v1.finalized"
            answer = httpx.post(urls[name], json=event, headers=headers, timeout=60)
        else:
            answer = httpx.post(urls[name], json=body, timeout=60)
        answers[name] = answer.status_code
        assert "ModuleNotFoundError" not in (unpacked / f"{name}.log").read_text()
    # refused by name or done: what an unknown connection, run or release gets; never 500, which is a bug
    assert answers["sync"] == 422
    assert answers["bronze_finalized"] in (200, 204)
    assert answers["sweep"] in (200, 503)
    assert answers["warm_cache"] in (422, 503)
    assert answers["promote"] in (422, 503)


def test_what_functions_import_while_they_run_is_there_too(unpacked: Path, environment: dict[str, str]) -> None:
    variables = {name: value for name, value in environment.items() if name != "PYTHONPATH"} | {
        "CACHE_URL": "grpc://x:1"
    }
    done = subprocess.run(
        [unpacked / "venv/bin/python", "-c", IMPORTS.replace("rglob", "glob"), "."],
        cwd=unpacked / "source",
        env=variables | {"PYTHONPATH": str(unpacked / "source")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert json.dumps(done.stdout) == '""'
