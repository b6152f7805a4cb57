"""What must not be made before something else is there, though it does not name it."""

from tests.infrastructure import order
from tests.infrastructure.deployment import PROJECT, Deployment

# Whoever takes the output, or the resource itself -> what is there before it.
WAITS = {
    # a key is given to agents that exist; an API answers before anything is asked of it
    "project_services.google_kms_crypto_key_iam_member.agent": {"google_project_service_identity.agent"},
    "project_services.output.project_id": {
        "google_kms_crypto_key_iam_member.agent",
        "google_project_service.main",
        "google_project_service_identity.agent",
    },
    # Cloud SQL gets its address from Google's side of the network
    "network.output.network": {"google_service_networking_connection.services"},
    # a user has its password before the secret says so, and a workload may read the secret before it starts
    "database.google_secret_manager_secret_version.main": {"google_sql_user.main"},
    "database.output.secrets": {
        "google_secret_manager_secret_iam_member.lake",
        "google_secret_manager_secret_iam_member.superset",
        "google_secret_manager_secret_version.main",
    },
    "secrets.output.names": {
        "google_secret_manager_secret_iam_member.accessor",
        "google_secret_manager_secret_version.first",
    },
    # a function is built by one who may read its source, write its image and log
    "artifact_registry.output.functions": {"google_artifact_registry_repository_iam_member.access"},
    "functions.google_cloudfunctions2_function.main": {
        "google_project_iam_member.builder_logs",
        "google_project_iam_member.builder_reads",
        "google_storage_bucket_iam_member.builder",
    },
    # an event is published, received and delivered by those who may
    "storage.output.events": {"google_project_iam_member.agent_publishes"},
    "functions.google_eventarc_trigger.bronze_finalized": {
        "google_cloud_run_v2_service_iam_member.caller",
        "google_project_iam_member.eventarc_agent",
        "google_project_iam_member.eventarc_receives",
    },
    # whoever is told an address or a name may call it by then
    "functions.output.uris": {"google_cloud_run_v2_service_iam_member.caller"},
    "jobs.output.names": {"google_cloud_run_v2_job_iam_member.executor", "google_cloud_run_v2_job_iam_member.watcher"},
    # the first build has its rights
    "build.google_cloudbuild_trigger.main": {
        "google_project_iam_member.build",
        "google_project_iam_member.build_accounts",
        "google_project_iam_member.check",
        "google_service_account_iam_member.acts_as",
    },
}


def test_what_must_wait_waits(cloud: Deployment) -> None:
    assert order.waits(cloud) == WAITS


def test_agents_of_google_are_there_before_they_are_granted_anything(cloud: Deployment) -> None:
    encrypting = {"artifactregistry", "run", "secretmanager", "sqladmin", "storage", "workflows"}
    expected = {"eventarc", "iap"} | (encrypting if "kms_key" in cloud.variables else set())
    agents = {one.values["service"] for one in cloud.all("google_project_service_identity")}
    assert agents == {f"{name}.googleapis.com" for name in expected}
    # an identity is asked for where its API is enabled, not merely of the same name
    identity = order.resource(cloud, "project_services", "google_project_service_identity.agent")
    assert "google_project_service.main" in identity["expressions"]["service"]["references"]


def test_the_key_that_is_granted_is_the_companys(cloud: Deployment) -> None:
    keys = {one.values["crypto_key_id"] for one in cloud.all("google_kms_crypto_key_iam_member")}
    assert keys == ({cloud.variables["kms_key"]} if "kms_key" in cloud.variables else set())


def test_the_project_that_is_asked_about_is_ours(cloud: Deployment) -> None:
    (project,) = (
        one
        for one in cloud.plan["prior_state"]["values"]["root_module"]["resources"]
        if one["address"] == "data.google_project.main"
    )
    assert project["values"]["project_id"] == PROJECT


def test_a_trigger_elsewhere_than_its_bucket_is_refused(cloud: Deployment) -> None:
    # Terraform lists a resource here for its conditions only.
    checked = {one["address"]["to_display"]: one["status"] for one in cloud.plan["checks"]}
    assert checked["module.functions.google_eventarc_trigger.bronze_finalized"] == "pass"


def test_a_generated_secret_is_random_and_the_others_wait_for_a_person(cloud: Deployment) -> None:
    first = order.resource(cloud, "secrets", "google_secret_manager_secret_version.first")["expressions"]
    assert set(first["secret_data_wo"]["references"]) == {
        "each.key",
        "each.value",
        "each.value.generate_length",
        "ephemeral.random_password.main",
        "local.placeholder",
    }
    versions = [one for one in cloud.all("google_secret_manager_secret_version") if "secrets" in one.address]
    assert versions
    for one in versions:
        # written once: a later version is a person's
        assert one.values["secret_data_wo_version"] == 1, one.address
        assert one.values["deletion_policy"] == "ABANDON", one.address
