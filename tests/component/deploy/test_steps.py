"""Each command of the build by itself: what it reads, what it asks for, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest

from biaac import releases
from biaac.clients import storage_client
from biaac.errors import PermanentError
from biaac.runs import Outcome
from deploy import __main__ as program
from deploy import inputs, last_good, refresh, smoke, terraform
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
    good = last_good.read(settings_of_step)
    assert good is not None
    assert good.revision == "two"
    assert good.services["cache"]["containers"][0]["image"] == image("cache", 2)
    assert good.functions["sync"]["buildConfig"]["source"]["storageSource"]["generation"] == "2"


def _other_image(cloud: Cloud) -> None:
    cloud.services["cache"].template.containers[0].image = image("cache", 1)


def _not_ready(cloud: Cloud) -> None:
    cloud.services["superset"].terminal_condition.state = 3
    cloud.services["superset"].terminal_condition.message = "the probe got no answer"


def _old_revision(cloud: Cloud) -> None:
    cloud.services["cache"].latest_ready_revision = "cache-00001"


def _split(cloud: Cloud) -> None:
    cloud.services["cache"].traffic_statuses = [{"type_": 2, "percent": 50}, {"type_": LATEST, "percent": 50}]


def _old_job(cloud: Cloud) -> None:
    cloud.jobs["ingest-shop"].template.template.containers[0].image = image("connector-folder", 1)


def _no_job(cloud: Cloud) -> None:
    del cloud.jobs["transform"]


def _old_function(cloud: Cloud) -> None:
    cloud.functions["sync"].build_config.source.storage_source.object_ = "functions/old.zip"


def _failed_function(cloud: Cloud) -> None:
    cloud.functions["promote"].state = 2


@pytest.mark.usefixtures("good")
@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (_other_image, "service cache runs .*, not "),
        (_not_ready, "service superset is not ready: the probe got no answer"),
        (_old_revision, "service cache: its newest revision .* is not ready"),
        (_split, "service cache: not all requests go to its newest revision"),
        (_old_job, "job ingest-shop runs .*, not "),
        (_no_job, "job transform is not there"),
        (_old_function, "function sync is built from functions/old.zip"),
        (_failed_function, "function promote is failed, not active"),
    ],
)
def test_what_is_not_as_deployed_fails_the_smoke_test_by_name(
    cloud: Cloud, settings_of_step: DeploySettings, break_it: Any, message: str
) -> None:
    break_it(cloud)
    with pytest.raises(PermanentError, match=message):
        smoke.test(settings_of_step)
    good = last_good.read(settings_of_step)
    assert good is not None
    assert good.revision == "one"


def test_an_airbyte_elsewhere_needs_no_ingestion_of_ours(
    cloud: Cloud, settings_of_step: DeploySettings, build: Path
) -> None:
    cloud.deploy(2, (build / "archive").read_text())
    del cloud.services["ingestion"], cloud.jobs["ingest-shop"]
    inputs.write(settings_of_step)
    smoke.test(settings_of_step)


def test_a_run_with_nothing_new_is_good(executions: Deciding, settings_of_step: DeploySettings) -> None:
    executions.decides(settings_of_step, Outcome.NOTHING_NEW, None)
    refresh.run(settings_of_step, seconds=120)
    assert executions.arguments() == [{"reason": "deploy"}]


def test_a_run_that_published_is_good_once_readers_see_it(
    executions: Deciding, settings_of_step: DeploySettings
) -> None:
    lake = storage_client(settings_of_step).bucket(settings_of_step.lake_bucket)
    release = candidate(lake)
    executions.decides(settings_of_step, Outcome.PUBLISHED, release)
    with pytest.raises(PermanentError, match=f"published {release}, readers see no release"):
        refresh.run(settings_of_step, seconds=120)
    releases.promote(lake, "prod", release)
    refresh.run(settings_of_step, seconds=120)


def test_a_pointer_that_a_person_holds_does_not_fail_a_deployment(
    executions: Deciding, settings_of_step: DeploySettings
) -> None:
    lake = storage_client(settings_of_step).bucket(settings_of_step.lake_bucket)
    held, newer = candidate(lake), candidate(lake)
    releases.promote(lake, "prod", held)
    releases.roll_back(lake, "prod", held, by="ann", reason="looking")
    executions.decides(settings_of_step, Outcome.PUBLISHED, newer)
    refresh.run(settings_of_step, seconds=120)


def test_a_rejected_run_fails_the_deployment(executions: Deciding, settings_of_step: DeploySettings) -> None:
    executions.decides(settings_of_step, Outcome.REJECTED, None)
    with pytest.raises(PermanentError, match="was rejected: it is rejected"):
        refresh.run(settings_of_step, seconds=120)


def test_a_lost_answer_starts_the_workflow_again(executions: Deciding, settings_of_step: DeploySettings) -> None:
    executions.decides(settings_of_step, Outcome.NOTHING_NEW, None)
    executions.answers_lost = 1
    refresh.run(settings_of_step, seconds=120)
    assert executions.arguments() == [{"reason": "deploy"}] * 2


def test_dashboards_wait_for_the_first_release(
    cloud: Cloud, settings_of_step: DeploySettings, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.deploy(2)
    program.dashboards(settings_of_step, 30)
    assert "no release yet" in capsys.readouterr().out
    lake = storage_client(settings_of_step).bucket(settings_of_step.lake_bucket)
    releases.promote(lake, "prod", candidate(lake))
    program.dashboards(settings_of_step, 30)
    assert cloud.changes == ["run superset-apply"]


def test_exactly_the_saved_plan_is_applied(settings_of_step: DeploySettings, tmp_path: Path, build: Path) -> None:
    terraform.apply(settings_of_step)
    (call,) = (tmp_path / "calls").read_text().splitlines()
    assert call.endswith(f"terraform apply -input=false -no-color {build / 'plan'}")


def test_the_command_line_gets_the_environment_that_terraform_made(settings_of_step: DeploySettings) -> None:
    variables = terraform.environment(settings_of_step)
    assert variables["SYNC_URL"] == "http://127.0.0.1:1"
    assert variables["OPS_BUCKET"] == settings_of_step.ops_bucket


def test_the_first_deployment_has_nothing_to_go_back_to(cloud: Cloud, deploy: Deploy) -> None:
    cloud.deploy(2)
    done = deploy("apply", "--within", "60", APPLY="exit 1")
    assert done.returncode == 1
    assert "nothing to go back to" in done.stdout
    assert cloud.changes == []
