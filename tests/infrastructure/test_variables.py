"""What each workload is told: exactly these variables, with exactly these values."""

from tests.infrastructure import workloads
from tests.infrastructure.deployment import ACCOUNT, NUMBER, PROJECT, REGION, Deployment

Variables = dict[str, str]

CACHE = "grpc+tls://cache-abcdefghij-xx.a.run.app:443"
SUPERSET = f"https://superset-{NUMBER}.{REGION}.run.app"
AIRBYTE = {
    "job": "https://ingestion-abcdefghij-xx.a.run.app/api/public/v1",
    "cloud": "https://api.airbyte.com/v1",
    "self_managed": "https://airbyte.acme.com/api/public/v1",
}
SHARED = {
    "BIAAC_ENVIRONMENT": "prod",
    "BRONZE_BUCKET": f"{PROJECT}-bronze",
    "GOOGLE_CLOUD_LOCATION": REGION,
    "GOOGLE_CLOUD_PROJECT": PROJECT,
    "LAKE_BUCKET": f"{PROJECT}-lake",
    "OPS_BUCKET": f"{PROJECT}-ops",
}
CACHE_SIZE = {
    "small": ("1280", "128", "3", "768"),
    "team": ("2560", "256", "4", "1152"),
}


def expected(cloud: Deployment) -> dict[str, tuple[Variables, Variables]]:
    """Workload -> its variables, and the secrets behind others."""
    airbyte = {"AIRBYTE_URL": AIRBYTE[cloud.airbyte]}
    credentials = {}
    if cloud.airbyte != "job":
        credentials = {
            "AIRBYTE_CLIENT_ID": "airbyte-client-id",
            "AIRBYTE_CLIENT_SECRET": "airbyte-client-secret",
        }
    wakes = {**SHARED, **airbyte, "WORKFLOW": "refresh"}
    disk, result, workers, worker = CACHE_SIZE[cloud.profile]
    superset = {**SHARED, "CACHE_URL": CACHE, "SUPERSET_URL": SUPERSET}
    superset_secrets = {
        "SUPERSET_DATABASE_URL": "superset-database-url",
        "SUPERSET_SECRET_KEY": "superset-secret-key",
    }
    told: dict[str, tuple[Variables, Variables]] = {
        "function sync": ({**SHARED, **airbyte}, credentials),
        "function bronze-finalized": (wakes, credentials),
        "function sweep": (wakes, credentials),
        "function warm-cache": ({**SHARED, "CACHE_URL": CACHE}, {}),
        "function promote": (SHARED, {}),
        "job transform": (
            {
                **SHARED,
                **airbyte,
                "SQLMESH_GATEWAY": "gcp",
                "LAKE_DATABASE_HOST": f"/cloudsql/{PROJECT}:{REGION}:biaac",
                "LAKE_DATABASE_USER": "lake",
                "REVISION": cloud.variables.get("revision", "unversioned"),
            },
            {**credentials, "LAKE_DATABASE_PASSWORD": "lake-database-password"},
        ),
        "service cache": (
            {
                **SHARED,
                "CACHE_HOST": "0.0.0.0",  # noqa: S104  every address of its container
                "CACHE_DISK_MIB": disk,
                "CACHE_RESULT_MIB": result,
                "CACHE_WORKERS": workers,
                "CACHE_WORKER_MIB": worker,
            },
            {},
        ),
        "service superset": ({**superset, "SUPERSET_PORT": "8080"}, superset_secrets),
        "job superset-bootstrap": (
            superset,
            {**superset_secrets, "SUPERSET_ADMIN_PASSWORD": "superset-admin-password"},
        ),
        "job superset-apply": (superset, superset_secrets),
        "job superset-refresh": (superset, superset_secrets),
    }
    if cloud.airbyte == "job":
        told["service ingestion"] = (SHARED, {})
    for name, connection in cloud.connections.items():
        secrets = {secret: secret for secret in connection.get("secrets", [])}
        told[f"job ingest-{name.replace('_', '-')}"] = (SHARED, secrets)
    return told


def test_every_workload_is_told_exactly_its_variables(cloud: Deployment) -> None:
    found = {name: one.variables for name, one in workloads.all_of(cloud).items()}
    assert found == {name: plain for name, (plain, _) in expected(cloud).items()}


def test_every_secret_comes_from_secret_manager(cloud: Deployment) -> None:
    found = {name: one.secrets for name, one in workloads.all_of(cloud).items()}
    assert found == {name: secrets for name, (_, secrets) in expected(cloud).items()}


def test_the_workflow_is_told_the_functions_it_calls(cloud: Deployment) -> None:
    functions = workloads.functions(cloud)
    assert cloud.one("google_workflows_workflow", "refresh")["user_env_vars"] == {
        "WARM_CACHE_URL": functions["warm-cache"]["service_config"][0]["uri"],
        "PROMOTE_URL": functions["promote"]["service_config"][0]["uri"],
    }


def test_the_command_line_is_told_where_everything_is(cloud: Deployment) -> None:
    functions = workloads.functions(cloud)
    assert cloud.outputs["environment"] == {
        **SHARED,
        "AIRBYTE_URL": AIRBYTE[cloud.airbyte],
        "CACHE_URL": CACHE,
        "SUPERSET_URL": SUPERSET,
        "SYNC_URL": functions["sync"]["service_config"][0]["uri"],
        "SWEEP_URL": functions["sweep"]["service_config"][0]["uri"],
        "WORKFLOW": "refresh",
        "SCHEDULER_SERVICE_ACCOUNT": f"biaac-scheduler{ACCOUNT}",
    }


def test_every_secret_that_is_read_exists_and_has_a_first_version(cloud: Deployment) -> None:
    read = {secret for one in workloads.all_of(cloud).values() for secret in one.secrets.values()}
    assert read == set(cloud.named("google_secret_manager_secret"))
    versions = {one.values["secret"].rpartition("/")[2] for one in cloud.all("google_secret_manager_secret_version")}
    assert versions == read
