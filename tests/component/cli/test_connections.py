"""`biaac connections`: files are checked, and Cloud Scheduler's jobs are made equal to them."""

import json
from pathlib import Path
from typing import Any

import pytest

from biaac.clients import scheduler_client
from biaac.settings import Settings
from tests.component.cli.conftest import Biaac
from tests.stand_ins.servers import Start


@pytest.fixture
def scheduler(start: Start, environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The client of a real stand-in."""
    process = start("stand_ins.scheduler", "--state", tmp_path / "scheduler")
    monkeypatch.setenv("SCHEDULER_EMULATOR_HOST", process.url)
    return scheduler_client(Settings.load())


def jobs(client: Any, settings: Settings) -> dict[str, Any]:
    return {job.name.rpartition("/")[2]: job for job in client.list_jobs(parent=settings.parent)}


def test_each_connection_gets_one_schedule_that_asks_the_function_sync(
    biaac: Biaac, scheduler: Any, settings: Settings
) -> None:
    result = biaac("connections apply --yes")
    assert result.code == 0
    assert "+ schedule sync-shop  0 5 * * * UTC" in result.out
    found = jobs(scheduler, settings)
    assert sorted(found) == ["sync-shop", "sync-web_shop"]
    target = found["sync-shop"].http_target
    assert target.uri == "http://127.0.0.1:1/sync"
    assert json.loads(target.body) == {"connection": "shop"}


def test_applying_twice_changes_nothing(biaac: Biaac, scheduler: Any) -> None:
    biaac("connections apply --yes")
    assert biaac("connections apply --yes").out.strip() == "schedules: nothing to change"


def test_only_what_differs_is_changed_and_what_has_no_file_goes(
    biaac: Biaac, scheduler: Any, settings: Settings, tmp_path: Path
) -> None:
    biaac("connections apply --yes")
    others = {"name": f"{settings.parent}/jobs/sweep", "schedule": "*/5 * * * *", "http_target": {"uri": "http://x/"}}
    scheduler.create_job(parent=settings.parent, job=others)
    (tmp_path / "connections/web_shop.yaml").unlink()
    file = tmp_path / "connections/shop.yaml"
    file.write_text(file.read_text().replace("0 5 * * *", "30 6 * * *"))
    result = biaac("connections apply --yes")
    assert "~ schedule sync-shop  30 6 * * *" in result.out
    assert "- schedule sync-web_shop" in result.out
    found = jobs(scheduler, settings)
    assert sorted(found) == ["sweep", "sync-shop"], "jobs of others are not ours to delete"
    assert found["sync-shop"].schedule == "30 6 * * *"


def test_in_the_cloud_terraform_makes_the_schedules(biaac: Biaac, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STORAGE_EMULATOR_HOST")
    assert biaac("connections apply --yes").err.startswith("in the cloud Terraform makes the schedules")


def test_without_consent_nothing_is_changed(biaac: Biaac, scheduler: Any, settings: Settings) -> None:
    result = biaac("connections apply")
    assert result.code == 1
    assert "+ schedule sync-shop" in result.out
    assert jobs(scheduler, settings) == {}


def test_good_files_are_listed(biaac: Biaac) -> None:
    result = biaac("connections validate")
    assert result.code == 0
    assert "shop: valid (0 5 * * * UTC; lines)" in result.out


@pytest.mark.parametrize("command", ["validate", "apply --yes"])
def test_a_malformed_file_is_named_with_line_value_and_expectation(
    biaac: Biaac, scheduler: Any, settings: Settings, tmp_path: Path, command: str
) -> None:
    file = tmp_path / "connections/shop.yaml"
    file.write_text(file.read_text().replace("0 5 * * *", "daily"))
    result = biaac(f"connections {command}")
    assert result.code == 1
    assert f"{file}:6: schedule.cron: five cron fields" in result.err
    assert "found 'daily'" in result.err
    assert jobs(scheduler, settings) == {}
