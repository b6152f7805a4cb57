"""What holds between the modules of a plan: ways, orders, keys and secrets. Each module by itself: terraform/tests."""

from collections.abc import Callable

from tests.infrastructure import workloads
from tests.infrastructure.deployment import Deployment, Values

# What nothing names in its arguments and a first apply needs: resource or output -> what must be there before it.
WAITS = {
    "project_services.output.project_id": "google_project_service_identity.agent",
    "project_services.google_kms_crypto_key_iam_member.agent": "google_project_service_identity.agent",
    "network.output.network": "google_service_networking_connection.services",
    "database.google_secret_manager_secret_version.main": "google_sql_user.main",
    "secrets.output.names": "google_secret_manager_secret_version.first",
    "storage.output.events": "google_project_iam_member.agent_publishes",
    "functions.google_cloudfunctions2_function.main": "google_project_iam_member.builder_reads",
    "functions.google_eventarc_trigger.bronze_finalized": "google_project_iam_member.eventarc_receives",
    "functions.output.uris": "google_cloud_run_v2_service_iam_member.caller",
    "jobs.output.names": "google_cloud_run_v2_job_iam_member.executor",
    "build.google_cloudbuild_trigger.main": "google_project_iam_member.build_accounts",
}


def test_a_caller_of_an_internal_service_sends_everything_through_the_network(cloud: Deployment) -> None:
    """There is no NAT: from the network only Google is reached, so calls to an Airbyte on the internet go past it."""
    for name, one in workloads.all_of(cloud).items():
        airbyte = "AIRBYTE_URL" in one.variables
        if "CACHE_URL" in one.variables or (airbyte and cloud.airbyte == "job"):
            assert one.egress == "ALL_TRAFFIC", name
        elif airbyte:
            assert one.egress in (None, "PRIVATE_RANGES_ONLY"), name


def test_what_a_first_apply_needs_before_is_waited_for(cloud: Deployment) -> None:
    missing = {name: needed for name, needed in WAITS.items() if needed not in depends_on(cloud, name)}
    assert missing == {}


def depends_on(cloud: Deployment, name: str) -> list[str]:
    """``depends_on`` of a resource or output of a module, as it is written."""
    module, _, address = name.partition(".")
    written: Values = cloud.plan["configuration"]["root_module"]["module_calls"][module]["module"]
    if address.startswith("output."):
        return list(written["outputs"][address.removeprefix("output.")]["depends_on"])
    return next(list(one["depends_on"]) for one in written["resources"] if one["address"] == address)


def test_every_secret_that_is_read_exists_and_has_a_first_version(cloud: Deployment) -> None:
    read = {secret for one in workloads.all_of(cloud).values() for secret in one.secrets.values()}
    assert read == set(cloud.named("google_secret_manager_secret"))
    versions = {one.values["secret"].rpartition("/")[2] for one in cloud.all("google_secret_manager_secret_version")}
    assert versions == read


def test_a_key_of_the_companys_own_encrypts_everything_that_is_kept(cloud: Deployment) -> None:
    keys = {
        one["encryption"][0]["default_kms_key_name"] if one["encryption"] else None
        for one in cloud.named("google_storage_bucket").values()
    }
    for secret in cloud.named("google_secret_manager_secret").values():
        managed = secret["replication"][0]["auto"][0]["customer_managed_encryption"]
        keys.add(managed[0]["kms_key_name"] if managed else None)
    keys |= {one["kms_key_name"] for one in cloud.named("google_artifact_registry_repository").values()}
    keys |= {one["encryption_key_name"] for one in cloud.named("google_sql_database_instance").values()}
    keys |= {one["kms_key_name"] for one in cloud.named("google_cloudfunctions2_function").values()}
    keys |= {one["crypto_key_name"] for one in cloud.named("google_workflows_workflow").values()}
    keys |= {one["template"][0]["encryption_key"] for one in workloads.services(cloud).values()}
    keys |= {one["template"][0]["template"][0]["encryption_key"] for one in workloads.jobs(cloud).values()}
    assert keys == {cloud.variables.get("kms_key")}


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


def test_going_from_one_airbyte_to_another_keeps_what_holds_data(deployments: Callable[[str], Deployment]) -> None:
    kinds = ("google_storage_bucket", "google_sql_database_instance", "google_sql_database", "google_sql_user")

    def kept(name: str) -> set[str]:
        return {one.address for kind in kinds for one in deployments(name).all(kind)}

    assert kept("small") == kept("team") == kept("airbyte_cloud") == kept("airbyte_self_managed")
