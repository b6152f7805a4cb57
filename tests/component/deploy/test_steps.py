"""Each command of the build by itself: what it reads, what it asks for, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest

from biaac import releases
from biaac.clients import storage_client
from biaac.errors import PermanentError
from biaac.runs import Outcome
from deploy import inputs, jobs, roll_back, smoke, terraform
from deploy.settings import DeploySettings
from tests.component.deploy.cloud import LATEST, Cloud, image
from tests.component.deploy.conftest import Deciding, Deploy
from tests.component.functions.published import candidate


def given(build: Path) -> Any:
    return json.loads((build / "inputs.tfvars.json").read_text())


def test_terraform_gets_the_digests_that_were_pushed(settings_of_step: DeploySettings, build: Path) -> None:
    inputs.write(settings_of_step)
    assert given(build) == {
        "images": {name: image(name, 2) for name in ("cache", "ingestion", "superset", "transform")}
        | {"connections": dict.fromkeys(("shop", "support"), image("connector-folder", 2))},
        "functions_source": str(build / "functions.zip"),
        "revision": "two",
    }


def test_a_pull_request_names_no_images(settings_of_step: DeploySettings, build: Path) -> None:
    (build / "images.txt").unlink()
    inputs.write(settings_of_step)
    assert given(build).keys() == {"functions_source", "revision"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("connector-folder ", "connector-other ", "connector-folder is missing"),
        ("@sha256:", ":latest#", "cache is "),
    ],
)
def test_an_image_that_is_missing_or_has_no_digest_is_refused(
    settings_of_step: DeploySettings, build: Path, old: str, new: str, message: str
) -> None:
    file = build / "images.txt"
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(PermanentError, match=message):
        inputs.write(settings_of_step)


@pytest.mark.usefixtures("good")
def test_a_good_deployment_is_what_the_next_one_goes_back_to(settings_of_step: DeploySettings) -> None:
    smoke.test(settings_of_step)
    good = roll_back.last_good(settings_of_step)
    assert good is not None
    assert good.revision == "two"
    assert good.deployed["services"]["cache"]["template"]["containers"][0]["image"] == image("cache", 2)
    assert good.deployed["functions"]["sync"]["buildConfig"]["source"]["storageSource"]["generation"] == "2"


STALE = {"reconciling": True, "terminalCondition": {"state": "CONDITION_FAILED", "message": "of the change before"}}
SILENT = {"terminalCondition": {"state": "CONDITION_FAILED", "message": "the probe got no answer"}}
SPLIT = {"trafficStatuses": [{"revision": "cache-1", "percent": 50}, {"type": LATEST, "percent": 50}]}
# what is wrong: kind, name and the value's own changes (None: it is not there), and the message
WRONG: list[tuple[str, str, Any, str]] = [
    ("services", "cache", {"template": {"containers": [{"image": image("cache", 1)}]}}, "cache runs .*, not "),
    ("services", "superset", SILENT, "service superset is not ready: the probe got no answer"),
    ("services", "superset", STALE, "service superset is not ready: it is still changing"),
    ("services", "superset", {"observedGeneration": "1"}, "service superset is not ready: it is still changing"),
    ("services", "cache", {"latestReadyRevision": "cache-00001"}, "service cache: its newest revision .* is not ready"),
    ("services", "cache", SPLIT, "service cache: not all requests go to its newest revision"),
    ("jobs", "ingest-shop", {"template": {"template": {"containers": [{"image": "i"}]}}}, "ingest-shop runs i, not "),
    ("jobs", "transform", None, "job transform is not there"),
    ("functions", "sync", {"buildConfig": {"source": {"storageSource": {"object": "old.zip"}}}}, "built from old.zip"),
    ("functions", "promote", {"state": "FAILED"}, "function promote is failed, not active"),
]


@pytest.mark.usefixtures("good")
@pytest.mark.parametrize(("wrong", "message"), [(row[:3], row[3]) for row in WRONG])
def test_what_is_not_as_deployed_fails_the_smoke_test_by_name(
    cloud: Cloud, settings_of_step: DeploySettings, wrong: tuple[str, str, Any], message: str
) -> None:
    kind, name, change = wrong
    if change is None:
        del cloud.there[kind][name]
    else:
        cloud.there[kind][name] |= change
        cloud.slow = 100
    with pytest.raises(PermanentError, match=message):
        smoke.test(settings_of_step)
    good = roll_back.last_good(settings_of_step)
    assert good is not None
    assert good.revision == "one"


def test_an_airbyte_elsewhere_needs_no_ingestion_of_ours(
    cloud: Cloud, settings_of_step: DeploySettings, build: Path
) -> None:
    cloud.deploy(2, (build / "archive").read_text())
    del cloud.there["services"]["ingestion"], cloud.there["jobs"]["ingest-shop"]
    inputs.write(settings_of_step)
    smoke.test(settings_of_step)


def test_a_run_with_nothing_new_is_good(executions: Deciding, settings_of_step: DeploySettings) -> None:
    executions.decides(settings_of_step, Outcome.NOTHING_NEW, None)
    jobs.refresh(settings_of_step, seconds=120)
    assert executions.arguments() == [{"reason": "deploy"}]


def test_a_run_that_published_is_good_once_readers_see_it(
    executions: Deciding, settings_of_step: DeploySettings
) -> None:
    lake = storage_client(settings_of_step).bucket(settings_of_step.lake_bucket)
    release = candidate(lake)
    executions.decides(settings_of_step, Outcome.PUBLISHED, release)
    with pytest.raises(PermanentError, match=f"published {release}, readers see no release"):
        jobs.refresh(settings_of_step, seconds=120)
    releases.promote(lake, "prod", release)
    jobs.refresh(settings_of_step, seconds=120)


def test_a_pointer_that_a_person_holds_does_not_fail_a_deployment(
    executions: Deciding, settings_of_step: DeploySettings
) -> None:
    lake = storage_client(settings_of_step).bucket(settings_of_step.lake_bucket)
    held, newer = candidate(lake), candidate(lake)
    releases.promote(lake, "prod", held)
    releases.roll_back(lake, "prod", held, by="ann", reason="looking")
    executions.decides(settings_of_step, Outcome.PUBLISHED, newer)
    jobs.refresh(settings_of_step, seconds=120)


def test_a_rejected_run_fails_the_deployment(executions: Deciding, settings_of_step: DeploySettings) -> None:
    executions.decides(settings_of_step, Outcome.REJECTED, None)
    with pytest.raises(PermanentError, match="was rejected: it is rejected"):
        jobs.refresh(settings_of_step, seconds=120)


def test_a_lost_answer_starts_the_workflow_again(executions: Deciding, settings_of_step: DeploySettings) -> None:
    executions.decides(settings_of_step, Outcome.NOTHING_NEW, None)
    executions.answers_lost = 1
    jobs.refresh(settings_of_step, seconds=120)
    assert executions.arguments() == [{"reason": "deploy"}] * 2


def test_models_that_did_not_change_need_no_run(
    cloud: Cloud, executions: Deciding, settings_of_step: DeploySettings, build: Path
) -> None:
    executions.decides(settings_of_step, Outcome.NOTHING_NEW, None)
    cloud.deploy(2, (build / "archive").read_text())
    inputs.write(settings_of_step)
    jobs.models(settings_of_step, seconds=120)
    smoke.test(settings_of_step)
    cloud.there["services"]["superset"]["template"]["containers"][0]["image"] = image("superset", 3)
    jobs.models(settings_of_step, seconds=120)
    assert (cloud.changes, len(executions.arguments())) == (["run transform --plan"], 1)
    cloud.there["jobs"]["transform"]["template"]["template"]["containers"][0]["image"] = image("transform", 3)
    jobs.models(settings_of_step, seconds=120)
    assert (cloud.changes, len(executions.arguments())) == (["run transform --plan"] * 2, 2)


def test_dashboards_wait_for_the_first_release(
    cloud: Cloud, settings_of_step: DeploySettings, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.deploy(2)
    jobs.dashboards(settings_of_step, seconds=30)
    assert "no release yet" in capsys.readouterr().out
    lake = storage_client(settings_of_step).bucket(settings_of_step.lake_bucket)
    releases.promote(lake, "prod", candidate(lake))
    jobs.dashboards(settings_of_step, seconds=30)
    assert cloud.changes == ["run superset-apply"]


def test_exactly_the_saved_plan_is_applied(settings_of_step: DeploySettings, tmp_path: Path, build: Path) -> None:
    terraform.apply(settings_of_step)
    (call,) = (tmp_path / "calls").read_text().splitlines()
    assert call.endswith(f"terraform apply -input=false -no-color {build / 'plan'}")


def test_the_first_deployment_has_nothing_to_go_back_to(cloud: Cloud, deploy: Deploy) -> None:
    cloud.deploy(2)
    done = deploy("apply", "--within", "60", APPLY="exit 1")
    assert done.returncode == 1
    assert "nothing to go back to" in done.stdout
    assert cloud.changes == []
