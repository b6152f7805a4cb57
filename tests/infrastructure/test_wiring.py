"""What holds between the parts of a plan, and what a plan does not show: waits, providers, the files themselves."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from biaac.settings import ROOT
from tests.infrastructure import workloads
from tests.infrastructure.deployment import Deployment, Values

# What nothing names in its arguments and a first apply needs: resource or output -> what must be there before it.
WAITS = {
    "project_services.output.project_id": ["time_sleep.services"],
    "project_services.time_sleep.services": ["google_project_service.main", "google_project_service_identity.agent"],
    "database.output.connection_name": ["google_sql_user.main", "google_project_iam_member.login"],
    "secrets.output.names": ["google_secret_manager_secret_version.first", "time_sleep.readers"],
    "secrets.time_sleep.readers": ["google_secret_manager_secret_iam_member.accessor"],
    "storage.output.events": ["google_project_iam_member.agent_publishes"],
    "functions.google_cloudfunctions2_function.main": ["time_sleep.grants"],
    "functions.google_eventarc_trigger.bronze_finalized": ["time_sleep.grants"],
    "functions.google_cloud_scheduler_job.main": ["google_cloud_run_v2_service_iam_member.caller"],
    "functions.output.uris": ["google_cloud_run_v2_service_iam_member.caller"],
    "functions.time_sleep.grants": [
        "google_project_iam_member.builder_logs",
        "google_project_iam_member.builder_reads",
        "google_project_iam_member.eventarc_agent",
        "google_project_iam_member.eventarc_receives",
        "google_storage_bucket_iam_member.builder",
    ],
    "jobs.output.names": ["google_cloud_run_v2_job_iam_member.executor"],
    "cache.output.uri": ["google_cloud_run_v2_service_iam_member.invoker"],
    "build.google_cloudbuild_trigger.main": ["google_project_iam_member.build_accounts"],
}
WAITED_S = range(30, 301)  # less does not help, more is a mistake
BEFORE_APIS = {"module.project_services", "data.google_project.main"}


def modules(cloud: Deployment) -> dict[str, Values]:
    """The calls of modules in the configuration, by name."""
    return dict(cloud.plan["configuration"]["root_module"]["module_calls"])


def test_what_a_first_apply_needs_before_is_waited_for(cloud: Deployment) -> None:
    missing = {name: set(needed) - set(depends_on(cloud, name)) for name, needed in WAITS.items()}
    assert {name: faults for name, faults in missing.items() if faults} == {}
    sleeps = {one.address: int(one.values["create_duration"].removesuffix("s")) for one in cloud.all("time_sleep")}
    assert {address for address, seconds in sleeps.items() if seconds not in WAITED_S} == set()


def depends_on(cloud: Deployment, name: str) -> list[str]:
    """``depends_on`` of a resource or output of a module, as it is written."""
    module, _, address = name.partition(".")
    written: Values = modules(cloud)[module]["module"]
    if address.startswith("output."):
        return list(written["outputs"][address.removeprefix("output.")].get("depends_on", []))
    return next(list(one.get("depends_on", [])) for one in written["resources"] if one["address"] == address)


def test_everything_in_the_project_waits_for_its_apis(cloud: Deployment) -> None:
    """The variable knows the project's name before its APIs are there; only the module's output waits for them."""
    calls = {f"module.{name}": call["expressions"] for name, call in modules(cloud).items()}
    root = cloud.plan["configuration"]["root_module"]["resources"]
    calls |= {
        f"{'data.' * (one['mode'] == 'data')}{one['address'].removeprefix('data.')}": one["expressions"] for one in root
    }
    early = {
        name
        for name, given in calls.items()
        if given.get("project_id", given.get("project", {})).get("references") == ["var.project_id"]
    }
    assert early == BEFORE_APIS


def test_the_providers_are_bounded_and_bill_the_project_they_change(cloud: Deployment) -> None:
    """``iap_enabled`` came with 7.21; calls count as this project's, in which alone the APIs are enabled."""
    for name, provider in cloud.plan["configuration"]["provider_config"].items():
        if provider["name"].startswith("google") and "module_address" not in provider:
            assert provider["version_constraint"] == ">= 7.26.0, < 9.0.0", name
            assert provider["expressions"]["user_project_override"] == {"constant_value": True}, name
            assert provider["expressions"]["billing_project"]["references"] == ["var.project_id"], name


def test_the_state_is_in_a_bucket_and_a_working_folder_leaves_nothing_to_commit() -> None:
    assert re.findall(r'backend "(\w+)"', (ROOT / "terraform/versions.tf").read_text()) == ["gcs"]
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {".terraform/", "*.tfstate*", "*.tfplan", "crash.log"} <= set(ignored)


def test_a_changed_source_of_the_functions_is_a_new_object(cloud: Deployment) -> None:
    (source,) = (one.values for one in cloud.all("google_storage_bucket_object"))
    digest = hashlib.sha256(Path(source["source"]).read_bytes()).hexdigest()
    assert digest in source["name"]


def test_every_secret_that_is_read_exists_has_a_version_and_is_named_by_its_module(cloud: Deployment) -> None:
    """Named literally, a secret is read before its reader may: the module's output waits for both."""
    read = {secret for one in workloads.all_of(cloud).values() for secret in one.secrets.values()}
    assert read == set(cloud.named("google_secret_manager_secret"))
    versions = {one.values["secret"].rpartition("/")[2] for one in cloud.all("google_secret_manager_secret_version")}
    assert versions == read
    files = "".join(path.read_text() for path in (ROOT / "terraform").glob("*.tf"))
    named = re.findall(r"\b[A-Z_]*(?:SECRET|PASSWORD|CLIENT_ID)[A-Z_]* *= *(.*)", files)
    assert len(named) == 4
    assert [value for value in named if not value.startswith("module.secrets.names[")] == []


def test_there_is_no_network_of_ours_and_a_service_lets_in_whoever_may_call_it(cloud: Deployment) -> None:
    assert [one.address for one in cloud.resources if "_compute_" in one.kind or "_networking_" in one.kind] == []
    for name, service in workloads.services(cloud).items():
        assert service["ingress"] == "INGRESS_TRAFFIC_ALL", name
        assert bool(service["iap_enabled"]) == (name == "superset"), (
            f"{name}: people come to the dashboards and nowhere else"
        )


def test_the_cache_fits_into_its_memory(cloud: Deployment) -> None:
    """Files (disk on Cloud Run is memory), answers and workers, and 384 MiB for the server with what it knows."""
    (one,) = (one for one in workloads.all_of(cloud).values() if one.name == "service cache")
    given = {name: int(value) for name, value in one.variables.items() if re.match("CACHE_(DISK|RESULT|WORKER)", name)}
    used = (
        given["CACHE_DISK_MIB"] + given["CACHE_RESULT_MIB"] + given["CACHE_WORKERS"] * given["CACHE_WORKER_MIB"] + 384
    )
    assert used <= int(one.container["resources"][0]["limits"]["memory"].removesuffix("Mi"))


def test_superset_logs_into_its_database_as_itself_and_without_a_password(cloud: Deployment) -> None:
    users = cloud.named("google_sql_user")
    assert {one["type"] for one in users.values()} == {"CLOUD_IAM_SERVICE_ACCOUNT"}
    instance = cloud.one("google_sql_database_instance", "biaac")["connection_name"]
    for name, one in workloads.all_of(cloud).items():
        if url := one.variables.get("SUPERSET_DATABASE_URL"):
            template = one.values["template"][0]
            template = template if name.startswith("service") else template["template"][0]
            assert template["volumes"][0]["cloud_sql_instance"][0]["instances"] == [instance], name
            user = template["service_account"].removesuffix(".gserviceaccount.com")
            assert user in users
            assert url == f"postgresql+psycopg2://{user.replace('@', '%40')}@/superset?host=/cloudsql/{instance}", name


def test_marks_of_watches_and_rows_kept_to_be_looked_at_expire_and_bronze_alone_moves_to_nearline(
    cloud: Deployment,
) -> None:
    rules = [
        (name, rule) for name, one in cloud.named("google_storage_bucket").items() for rule in one["lifecycle_rule"]
    ]
    by_age, moved = set(), set()
    for name, rule in rules:
        (action,), (condition,) = rule["action"], rule["condition"]
        if action["type"] == "Delete" and condition["with_state"] != "ARCHIVED":
            by_age |= {f"{name}/{prefix}" for prefix in condition["matches_prefix"] or ["*"]}
        elif action["type"] == "Delete":
            assert condition["days_since_noncurrent_time"] <= 30, name
        elif action["type"] == "SetStorageClass":
            moved.add(name)
    assert by_age == {f"acme-analytics-ops/{prefix}/" for prefix in ("airbyte/unread", "offending", "watches")}
    assert moved == {"acme-analytics-bronze"}


def test_jobs_are_tried_once_and_what_changes_state_has_one_instance(cloud: Deployment) -> None:
    assert {one["template"][0]["template"][0]["max_retries"] for one in workloads.jobs(cloud).values()} == {0}
    for name in ("promote", "sweep"):
        config = workloads.functions(cloud)[name]["service_config"][0]
        assert (config["max_instance_count"], config["max_instance_request_concurrency"]) == (1, 1), name
    assert {one["build_config"][0]["runtime"] for one in workloads.functions(cloud).values()} == {"python311"}


def test_the_triggers_of_the_build_deploy_the_branch_and_plan_what_is_proposed(cloud: Deployment) -> None:
    triggers = cloud.named("google_cloudbuild_trigger")
    assert bool(triggers) == ("repository" in cloud.variables)
    for name, trigger in triggers.items():
        (event,) = trigger["repository_event_config"]
        deploys = name == "biaac-main"
        assert bool(event["push"]) == deploys
        assert (event["push"] or event["pull_request"])[0]["branch"] == "^main$"
        assert trigger["substitutions"]["_DEPLOY"] == str(deploys).lower()
        assert trigger["approval_config"][0]["approval_required"] == (
            deploys and bool(cloud.variables.get("require_approval"))
        )
        assert (
            deploys or event["pull_request"][0]["comment_control"] == "COMMENTS_ENABLED_FOR_EXTERNAL_CONTRIBUTORS_ONLY"
        )


def test_every_alert_reaches_every_operator(cloud: Deployment) -> None:
    channels = cloud.all("google_monitoring_notification_channel")
    assert sorted(one.values["labels"]["email_address"] for one in channels) == sorted(cloud.variables["operators"])
    alerts = cloud.all("google_monitoring_alert_policy")
    assert alerts
    for one in alerts:
        assert len(one.values["notification_channels"]) == len(channels), one.address
        assert one.values["enabled"] is not False, one.address


def test_what_holds_something_refuses_to_be_destroyed(cloud: Deployment) -> None:
    kinds = ("google_sql_database_instance", "google_workflows_workflow", "google_cloud_run_v2_service")
    unprotected = [one.address for kind in kinds for one in cloud.all(kind) if not one.values["deletion_protection"]]
    assert unprotected == ["module.ingestion[0].google_cloud_run_v2_service.main"] * (cloud.airbyte == "job")
    assert not [one for one in cloud.all("google_storage_bucket") if one.values["force_destroy"]]
    for kind in ("google_sql_database", "google_sql_user"):  # go with the instance and no sooner
        assert {one.values["deletion_policy"] for one in cloud.all(kind)} == {"ABANDON"}


def test_going_from_one_airbyte_to_another_keeps_what_holds_data(deployments: Callable[[str], Deployment]) -> None:
    kinds = ("google_storage_bucket", "google_sql_database_instance", "google_sql_database", "google_sql_user")

    def kept(name: str) -> set[str]:
        return {one.address for kind in kinds for one in deployments(name).all(kind)}

    assert kept("small") == kept("team") == kept("airbyte_cloud") == kept("airbyte_self_managed")
