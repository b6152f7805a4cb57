"""The pipeline's wiring: who wakes whom, with which address and audience."""

import base64
import json

from biaac.settings import ROOT
from tests.infrastructure import workloads
from tests.infrastructure.deployment import ACCOUNT, PROJECT, REGION, Deployment

ENTRY_POINTS = {
    "bronze-finalized": "bronze_finalized",
    "promote": "promote",
    "sweep": "sweep",
    "sync": "sync",
    "warm-cache": "warm_cache",
}


def test_the_sweep_is_called_at_its_run_address_with_that_audience(cloud: Deployment) -> None:
    # A function with internal ingress lets Cloud Scheduler in at the run.app address only.
    url = workloads.functions(cloud)["sweep"]["service_config"][0]["uri"]
    job = cloud.one("google_cloud_scheduler_job", "sweep")
    (target,) = job["http_target"]
    assert (target["uri"], target["http_method"]) == (url, "POST")
    assert target["oidc_token"] == [{"audience": url, "service_account_email": f"biaac-scheduler{ACCOUNT}"}]
    assert not target["oauth_token"]
    assert json.loads(base64.b64decode(target["body"])) == {}
    assert target["headers"] == {"Content-Type": "application/json"}


def test_the_sweep_comes_every_quarter_of_an_hour_and_is_not_paused(cloud: Deployment) -> None:
    job = cloud.one("google_cloud_scheduler_job", "sweep")
    schedule = cloud.variables.get("sweep_schedule", "*/15 * * * *")
    assert (job["schedule"], job["time_zone"], job["paused"]) == (schedule, "Etc/UTC", False)
    timeout = workloads.functions(cloud)["sweep"]["service_config"][0]["timeout_seconds"]
    assert job["attempt_deadline"] == f"{timeout}s"


def test_a_sweep_that_fails_is_tried_once_more(cloud: Deployment) -> None:
    (retry,) = cloud.one("google_cloud_scheduler_job", "sweep")["retry_config"]
    waits = (retry["min_backoff_duration"], retry["max_backoff_duration"])
    assert (retry["retry_count"], *waits) == (1, "30s", "60s"), "the next sweep is the real second attempt"


def test_it_is_the_only_schedule(cloud: Deployment) -> None:
    assert set(cloud.named("google_cloud_scheduler_job")) == {"sweep"}, "biaac connections apply owns the others"


def test_finalized_bronze_objects_go_to_their_function(cloud: Deployment) -> None:
    trigger = cloud.one("google_eventarc_trigger", "bronze-finalized")
    criteria = {one["attribute"]: one["value"] for one in trigger["matching_criteria"]}
    assert criteria == {"type": "google.cloud.storage.object.v1.finalized", "bucket": f"{PROJECT}-bronze"}
    (service,) = trigger["destination"][0]["cloud_run_service"]
    assert (service["service"], service["region"]) == ("bronze-finalized", REGION)
    assert service["path"] == "/"
    assert not trigger["retry_policy"], "an event that was not taken is delivered again, for a day"
    assert trigger["location"] == cloud.one("google_storage_bucket", f"{PROJECT}-bronze")["location"]


def test_the_functions_have_the_entry_points_of_the_source(cloud: Deployment) -> None:
    found = {name: one["build_config"][0]["entry_point"] for name, one in workloads.functions(cloud).items()}
    assert found == ENTRY_POINTS
    source = (ROOT / "functions/main.py").read_text()
    assert [name for name in ENTRY_POINTS.values() if f"\ndef {name}(" not in source] == []


def test_all_functions_are_built_of_one_source_by_one_builder(cloud: Deployment) -> None:
    (archive,) = (one.values for one in cloud.all("google_storage_bucket_object"))
    assert archive["bucket"] == f"{PROJECT}-source"
    for name, one in workloads.functions(cloud).items():
        (build,) = one["build_config"]
        assert build["runtime"] == "python311", name
        (source,) = build["source"][0]["storage_source"]
        assert (source["bucket"], source["object"]) == (archive["bucket"], archive["name"]), name
        assert build["docker_repository"].endswith("/repositories/functions"), name
        assert not one["event_trigger"], "events come through the trigger above, in its own name"
        assert one["service_config"][0]["all_traffic_on_latest_revision"] is True


def test_a_function_may_take_as_long_as_its_caller_waits(cloud: Deployment) -> None:
    limits = {name: one["service_config"][0]["timeout_seconds"] for name, one in workloads.functions(cloud).items()}
    assert limits == {"bronze-finalized": 120, "promote": 60, "sweep": 300, "sync": 120, "warm-cache": 300}


def test_the_workflow_is_the_one_in_the_repository(cloud: Deployment) -> None:
    workflow = cloud.one("google_workflows_workflow", "refresh")
    assert workflow["source_contents"] == (ROOT / "workflows/refresh.workflows.yaml").read_text()
    # errors are found in the logs; every call would be, too, at a price
    assert workflow["call_log_level"] == "LOG_ERRORS_ONLY"
    assert workflow["execution_history_level"] == "EXECUTION_HISTORY_BASIC"


def test_a_job_runs_once_its_command_whole(cloud: Deployment) -> None:
    # Cloud Run replaces args by the arguments of an execution, and never command.
    expected = {
        "transform": ["python", "-m", "transform.job"],
        "superset-bootstrap": ["python", "superset/bootstrap.py"],
        "superset-apply": ["python", "superset/apply.py"],
        "superset-refresh": ["python", "superset/refresh.py"],
    }
    for name in cloud.connections:
        expected[f"ingest-{name.replace('_', '-')}"] = ["python", "-m", "ingestion.sync", "--connection", name]
    found = workloads.jobs(cloud)
    assert {
        name: one["template"][0]["template"][0]["containers"][0]["command"] for name, one in found.items()
    } == expected
    for name, one in found.items():
        (outer,) = one["template"]
        (task,) = outer["template"]
        assert (outer["task_count"], outer["parallelism"], task["max_retries"]) == (1, 1, 0), name
        assert not task["containers"][0]["args"], name


def test_jobs_have_these_limits_of_time(cloud: Deployment) -> None:
    limits = {
        name: int(one["template"][0]["template"][0]["timeout"].removesuffix("s"))
        for name, one in workloads.jobs(cloud).items()
    }
    ingest = {
        f"ingest-{name.replace('_', '-')}": one.get("timeout_seconds", 3600) for name, one in cloud.connections.items()
    }
    assert limits == {
        "transform": 3600,
        "superset-bootstrap": 1800,
        "superset-apply": 900,
        "superset-refresh": 900,
        **ingest,
    }


def test_the_apis_that_are_used_are_enabled_and_stay_so(cloud: Deployment) -> None:
    enabled = cloud.all("google_project_service")
    assert {one.values["service"].removesuffix(".googleapis.com") for one in enabled} == {
        "artifactregistry",
        "billingbudgets",
        "cloudbuild",
        "cloudfunctions",
        "cloudresourcemanager",
        "cloudscheduler",
        "compute",
        "eventarc",
        "iam",
        "iamcredentials",
        "iap",
        "logging",
        "monitoring",
        "pubsub",
        "run",
        "secretmanager",
        "servicenetworking",
        "sqladmin",
        "storage",
        "workflowexecutions",
        "workflows",
    }
    assert [one.address for one in enabled if one.values["disable_on_destroy"] is not False] == []
