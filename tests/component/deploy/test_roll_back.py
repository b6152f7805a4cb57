"""Whatever ends a deployment early, what was good before runs again, and the build still fails."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from biaac import releases
from biaac.clients import storage_client
from biaac.settings import ROOT, Settings
from tests.component.deploy.cloud import Cloud
from tests.component.deploy.conftest import Deploy
from tests.component.functions.executions_server import FakeExecutions, State
from tests.conftest import wait_for

pytestmark = pytest.mark.usefixtures("good")
JOBS = ("transform", "superset-bootstrap", "superset-apply", "superset-refresh", "ingest-shop")
EVERYTHING = {
    *("service cache", "service superset", "service ingestion"),
    *(f"job {name}" for name in JOBS),
    *(f"function {name}" for name in ("bronze-finalized", "promote", "sweep", "sync", "warm-cache")),
}


def pointer(settings: Settings) -> object:
    return releases.pointer(storage_client(settings).bucket(settings.lake_bucket), settings.environment)


def test_a_failed_apply_brings_everything_back(cloud: Cloud, deploy: Deploy, settings: Settings) -> None:
    done = deploy("apply", "--within", "60", APPLY="exit 1")
    assert done.returncode == 1
    assert "terraform apply ended with 1" in done.stderr
    assert set(cloud.changes) == EVERYTHING
    assert cloud.numbers() == {"1"}
    services = cloud.there["services"].values()
    assert {each["template"]["containers"][0]["env"][0]["value"] for each in services} == {"1"}  # its variables too
    assert pointer(settings) is None  # nothing has touched what readers see


def test_only_what_differs_is_brought_back(cloud: Cloud, deploy: Deploy) -> None:
    changed = cloud.there["services"]["cache"]
    cloud.deploy(1, cloud.there["functions"]["sync"]["buildConfig"]["source"]["storageSource"]["object"][10:-4])
    cloud.there["services"]["cache"] = changed
    done = deploy("apply", "--within", "60", APPLY="exit 1")
    assert done.returncode == 1
    assert cloud.changes == ["service cache"]


def test_a_failed_job_brings_everything_back_and_names_its_log(cloud: Cloud, deploy: Deploy) -> None:
    cloud.endings["superset-bootstrap"] = "migration failed"
    done = deploy("job", "--within", "60", "superset-bootstrap")
    assert done.returncode == 1
    assert "job superset-bootstrap failed: migration failed" in done.stderr
    assert "https://logs/x1" in done.stderr
    assert cloud.changes[0] == "run superset-bootstrap"
    assert cloud.numbers() == {"1"}


def test_a_job_that_never_ends_is_a_failure_in_time_to_go_back(cloud: Cloud, deploy: Deploy) -> None:
    cloud.endings["transform"] = "never"
    done = deploy("job", "--within", "3", "transform", "--", "--plan")
    assert done.returncode == 1
    assert "not after 3 s" in done.stderr or "not done after 3 s" in done.stderr
    assert cloud.changes[0] == "run transform --plan"
    assert cloud.numbers() == {"1"}


def test_a_build_that_is_stopped_goes_back_and_lets_terraform_end(
    cloud: Cloud, variables: dict[str, str], tmp_path: Path
) -> None:
    lines = tmp_path / "lines"
    slow = f"trap 'echo unlocked >> {lines}; exit 1' TERM; echo started >> {lines}; while :; do sleep 0.1; done"
    process = subprocess.Popen(
        [sys.executable, "-m", "deploy", "apply", "--within", "60"], cwd=ROOT, env={**variables, "APPLY": slow}
    )
    wait_for(lines.exists, what="terraform runs")
    process.send_signal(signal.SIGTERM)
    assert process.wait(120) == 1
    assert lines.read_text().split() == ["started", "unlocked"]
    assert cloud.numbers() == {"1"}


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED])
def test_a_failed_run_of_the_workflow_brings_everything_back(
    cloud: Cloud, executions: FakeExecutions, deploy: Deploy, settings: Settings, state: State
) -> None:
    executions.created_as = state
    done = deploy("models", "--within", "60")
    assert done.returncode == 1
    assert f"{state.name.lower()}: " in done.stderr
    assert "biaac runs show" in done.stderr
    assert cloud.numbers() == {"1"}
    assert pointer(settings) is None


def test_a_run_without_a_record_is_no_success(cloud: Cloud, executions: FakeExecutions, deploy: Deploy) -> None:
    executions.created_as = State.SUCCEEDED
    done = deploy("models", "--within", "60")
    assert done.returncode == 1
    assert "has no record in prod" in done.stderr
    assert cloud.numbers() == {"1"}


def test_one_that_does_not_come_back_does_not_keep_the_others(cloud: Cloud, deploy: Deploy) -> None:
    cloud.unwilling.add("superset")
    cloud.never_ready |= {"cache", "sync"}
    done = deploy("apply", "--within", "60", APPLY="exit 1")
    assert done.returncode == 1
    for name in ("superset", "cache", "sync"):
        assert name in done.stderr
    assert "may not be updated" in done.stderr
    assert "the probe got no answer" in done.stderr
    assert set(cloud.changes) == EVERYTHING - {"service superset"}


def test_what_the_failed_deployment_removed_is_named(cloud: Cloud, deploy: Deploy) -> None:
    del cloud.there["jobs"]["superset-refresh"]
    done = deploy("roll-back")
    assert done.returncode == 1
    assert "job superset-refresh: it is gone; terraform apply of one makes it again" in done.stderr
    assert cloud.numbers() == {"1"}


def test_a_service_takes_its_time_to_come_back(cloud: Cloud, deploy: Deploy) -> None:
    cloud.slow = 2
    assert deploy("roll-back").returncode == 0
    assert not any("reconciling" in each for each in cloud.there["services"].values())
