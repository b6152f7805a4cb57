"""The functions of a source under gunicorn, each at its path."""

import subprocess
import sys
from pathlib import Path

import httpx
from werkzeug.test import Client

from biaac.settings import ROOT
from laptop.functions import ENTRY_POINTS, create_app
from tests.conftest import free_port, wait_for

SOURCE = """
import functions_framework

@functions_framework.http
def greet(request):
    return {"greeting": request.get_json()["name"], "path": request.path}

@functions_framework.cloud_event
def note(event):
    assert event["subject"] == "objects/x", event
"""

EVENT = {
    "ce-id": "1",
    "ce-source": "//storage.googleapis.com/projects/_/buckets/b",
    "ce-specversion": "1.0",
    "ce-type": "google.cloud.storage.object.v1.finalized",
}


def test_each_function_answers_at_its_path_as_if_at_its_root(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(SOURCE)
    client = Client(create_app(tmp_path / "main.py", ["greet", "note"]))
    assert client.post("/greet", json={"name": "world"}).get_json() == {"greeting": "world", "path": "/"}
    assert client.post("/note", json={}, headers={**EVENT, "ce-subject": "objects/x"}).status_code == 200
    assert client.post("/note", json={}, headers={**EVENT, "ce-subject": "objects/y"}).status_code == 500


def test_any_other_path_is_not_found_and_names_the_functions(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(SOURCE)
    client = Client(create_app(tmp_path / "main.py", ["greet"]))
    for path in ("/", "/nothing", "/greet/more"):
        answer = client.post(path, json={})
        assert (answer.status_code, "The functions here: /greet" in answer.text) == (404, True)


def test_gunicorn_serves_every_entry_point_of_the_product(environment: dict[str, str], tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{(port := free_port())}"
    line = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--threads", "4", "laptop.functions:app"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(line, cwd=ROOT, stdout=log, stderr=log)
    try:
        wait_for(lambda: httpx.get(url, timeout=1).status_code == 404, what="gunicorn answers")
        answers = {name: httpx.post(f"{url}/{name}", content=b"not JSON", timeout=300) for name in ENTRY_POINTS}
        assert {name: answer.status_code for name, answer in answers.items() if answer.status_code == 404} == {}
    finally:
        process.terminate()
        process.wait(timeout=300)
