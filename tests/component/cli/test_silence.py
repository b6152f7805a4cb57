"""What does not answer, is dead, missing or owed is named, soon, with the next command."""

import json
import os
import time
from pathlib import Path

import pytest

from biaac import releases
from biaac.clients import storage_client
from biaac.runs import Outcome
from biaac.settings import Settings
from laptop import plan as laptop
from stand_ins.eventarc.outbox import Event, Outbox
from tests.component.cli.conftest import Biaac, dead_pid
from tests.component.functions.published import candidate, record

MESSAGE = "Binder Error: [/] no function matches list['a'] [red]"


@pytest.mark.parametrize("command", ["runs", "releases", "audits", "releases resume"])
def test_storage_that_is_down_is_named_at_once(biaac: Biaac, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:1")
    result = biaac(command)
    assert result.code == 1
    assert result.err == "storage does not answer at http://127.0.0.1:1\n  next: make run\n"


def test_doctor_tells_storage_that_is_down_once(biaac: Biaac, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:1")
    assert biaac("doctor").out.count("storage does not answer at http://127.0.0.1:1") == 1


def test_a_service_that_is_down_is_named_by_its_address(biaac: Biaac) -> None:
    error = biaac("sync shop").err
    assert error == "a service does not answer at http://127.0.0.1:1 (ConnectError)\n  next: biaac doctor\n"


def test_doctor_finds_a_supervisor_that_was_killed(biaac: Biaac, tmp_path: Path) -> None:
    killed = dead_pid()
    (tmp_path / "state").mkdir()
    here = {"name": "storage", "pid": os.getpid(), "port": 1, "log": "storage.log"}
    (tmp_path / "state/services.json").write_text(json.dumps({"supervisor": killed, "services": [here]}))
    assert f"the supervisor (pid {killed}) is dead" in biaac("doctor").out


def test_doctor_finds_environments_that_are_missing(
    biaac: Biaac, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(laptop, "ENVIRONMENTS", tmp_path / "envs")  # of a laptop where `make setup` never ran
    (tmp_path / "envs/cache").mkdir(parents=True)
    (tmp_path / "envs/cache/.ready").touch()
    (line,) = [line for line in (repository / "Makefile").read_text().splitlines() if line.startswith("RUNTIME")]
    listed = biaac("doctor").out
    for name in {*line.partition(":=")[2].partition("$(")[0].split()} - {"cache"}:
        assert f"environment {name} is missing or was not finished\n  next: make setup" in listed
    assert "environment cache" not in listed


def test_status_tells_of_undelivered_events_before_there_is_a_release(biaac: Biaac, tmp_path: Path) -> None:
    assert "undelivered" not in biaac("status").out
    now = time.time()
    outbox = Outbox(tmp_path / "state/eventarc", time_scale=1)
    outbox.add([Event(0, "e-1", "bronze", "shop/lines/x.parquet", "", b"{}", "http://x", now, 1, now, False, "503")])
    assert "undelivered 1 events, the oldest for bronze/shop/lines/x.parquet" in biaac("status").out
    assert json.loads(biaac("status --json").out)["undelivered_events"] == ["bronze/shop/lines/x.parquet"]


def test_what_people_and_engines_write_is_printed_as_it_is(biaac: Biaac, settings: Settings) -> None:
    client = storage_client(settings)
    record(client.bucket(settings.ops_bucket), "x-1", Outcome.REJECTED, message=MESSAGE)
    lake = client.bucket(settings.lake_bucket)
    releases.promote(lake, "prod", candidate(lake))
    releases.roll_back(lake, "prod", candidate(lake), by="ann", reason=MESSAGE)
    for command in ("runs show x-1", "doctor", "releases", "status"):
        assert MESSAGE in biaac(command).out
