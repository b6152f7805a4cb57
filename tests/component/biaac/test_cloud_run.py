"""Cloud Run jobs by the one module that starts, awaits and judges them, against the laptop's Cloud Run."""

import sys
from pathlib import Path

import pytest
import yaml

from biaac import cloud_run
from biaac.errors import PermanentError, TransientError
from biaac.settings import Settings
from tests.stand_ins.conftest import start_once
from tests.stand_ins.servers import Start

__all__ = ["start_once"]  # a fixture of another folder, used here as it is

JOBS = {
    "good": {"command": ["true"], "timeout_s": 60},
    "bad": {"command": ["false"], "timeout_s": 60},
    "waits": {"command": [sys.executable, "-c", "import signal; signal.pause()"], "timeout_s": 60},
    "says": {"command": ["echo"], "timeout_s": 60},
}


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="module")
def address(start_once: Start, logs: Path) -> str:
    jobs = logs / "jobs.yaml"
    jobs.write_text(yaml.safe_dump(JOBS))
    return start_once("stand_ins.run_jobs", "--state", logs / "state", "--logs", logs, "--jobs", jobs).url


@pytest.fixture
def settings(settings: Settings, address: str) -> Settings:
    return settings.model_copy(update={"run_emulator": address})


def test_an_execution_is_started_awaited_and_judged(settings: Settings) -> None:
    good, bad = (cloud_run.start(settings, job, []) for job in ("good", "bad"))
    ended = cloud_run.wait(settings, good, seconds=120)
    assert ended.error is None
    assert cloud_run.is_over(settings, good)
    assert cloud_run.wait(settings, bad, seconds=120).error


def test_arguments_replace_those_of_the_job(settings: Settings, logs: Path) -> None:
    execution = cloud_run.start(settings, "says", ["one", "two"], twice_is_harmless=True)
    assert cloud_run.wait(settings, execution, seconds=120).error is None
    assert "one two" in (logs / "says.log").read_text()


def test_a_cancelled_execution_has_not_succeeded(settings: Settings) -> None:
    execution = cloud_run.start(settings, "waits", [])
    assert not cloud_run.is_over(settings, execution)
    cloud_run.cancel(settings, execution)
    assert cloud_run.wait(settings, execution, seconds=120).error
    cloud_run.cancel(settings, execution)  # nothing, now that it has ended


def test_one_that_does_not_end_in_time_is_named(settings: Settings) -> None:
    execution = cloud_run.start(settings, "waits", [])
    with pytest.raises(TransientError, match="job waits has ended: not after 0 s"):
        cloud_run.wait(settings, execution, seconds=0)


def test_what_cloud_run_does_not_know_is_over_and_cannot_be_started(settings: Settings) -> None:
    assert cloud_run.is_over(settings, cloud_run.execution_name(settings, "good", "of-long-ago"))
    with pytest.raises(PermanentError, match="Cloud Run refuses projects/laptop/locations/local/jobs/none"):
        cloud_run.start(settings, "none", [])


def test_a_cloud_run_that_is_down_is_transient(settings: Settings) -> None:
    down = settings.model_copy(update={"run_emulator": "http://127.0.0.1:1"})
    with pytest.raises(TransientError, match="Cloud Run does not answer"):
        cloud_run.start(down, "good", [])
