"""Containers, the database, and what the two profiles make of them."""

from tests.infrastructure import workloads
from tests.infrastructure.deployment import PROJECT, REGION, Deployment

RESTING = {"small": 0, "team": 1}


def test_at_rest_nothing_runs_but_what_the_profile_keeps(cloud: Deployment) -> None:
    least = {
        name: one["template"][0]["scaling"][0]["min_instance_count"] or 0
        for name, one in workloads.services(cloud).items()
    }
    kept = RESTING[cloud.profile]
    expected = {"cache": kept, "superset": kept}
    if cloud.airbyte == "job":
        expected["ingestion"] = 0
    assert least == expected
    for name, one in workloads.functions(cloud).items():
        assert not one["service_config"][0]["min_instance_count"], name
    for name, one in workloads.services(cloud).items():
        outer = one["scaling"]
        assert not outer or not outer[0]["min_instance_count"], name


def test_every_service_has_an_upper_end(cloud: Deployment) -> None:
    most = {
        name: one["template"][0]["scaling"][0]["max_instance_count"] for name, one in workloads.services(cloud).items()
    }
    assert most["cache"] == {"small": 1, "team": 3}[cloud.profile]
    assert most["superset"] == {"small": 2, "team": 4}[cloud.profile]
    assert all(0 < count <= 4 for count in most.values())
    functions = {
        name: one["service_config"][0]["max_instance_count"] for name, one in workloads.functions(cloud).items()
    }
    assert functions == {"bronze-finalized": 4, "promote": 1, "sweep": 1, "sync": 2, "warm-cache": 1}


# Service -> seconds and requests at once. An instance answers no more than its threads can, others wait or start anew.
REQUESTS = {
    "cache": ("300s", 40),  # warming a release; queries wait for a worker inside, and are told so
    "ingestion": ("60s", 8),  # a call starts or looks; the sync itself is a job
    "superset": ("120s", 16),  # Superset gives a query up at 60 s; a browser asks for six charts at once
}
# Service -> processors and memory in each profile.
SERVICES = {
    "cache": {"small": ("2", "4096Mi"), "team": ("4", "8192Mi")},
    "ingestion": {"small": ("1", "512Mi"), "team": ("1", "512Mi")},
    "superset": {"small": ("2", "2048Mi"), "team": ("2", "4096Mi")},
}
# Service -> seconds between two probes, how many may fail, seconds that one may take (None: the second that is usual).
PROBES = {
    "cache": (2, 30, None),
    "ingestion": (2, 30, None),
    "superset": (5, 36, 4),  # it imports for tens of seconds
}
# Function -> requests at once.
AT_ONCE = {
    "bronze-finalized": 16,  # most events only look at a mark; a slow sync must not hold them up
    "promote": 1,
    "sweep": 1,
    "sync": 4,
    "warm-cache": 1,
}
SECOND_GENERATION = "EXECUTION_ENVIRONMENT_GEN2"  # a whole Linux: files, network and processors as DuckDB wants them


def test_every_service_has_this_much_of_everything(cloud: Deployment) -> None:
    found = workloads.services(cloud)
    assert set(found) == set(SERVICES) - (set() if cloud.airbyte == "job" else {"ingestion"})
    for name, one in found.items():
        (template,) = one["template"]
        (container,) = template["containers"]
        limits = container["resources"][0]["limits"]
        (probe,) = container["startup_probe"]
        assert (template["timeout"], template["max_instance_request_concurrency"]) == REQUESTS[name], name
        assert (limits["cpu"], limits["memory"]) == SERVICES[name][cloud.profile], name
        numbers = (probe["period_seconds"], probe["failure_threshold"], probe["timeout_seconds"])
        assert numbers == PROBES[name], name
        assert template["execution_environment"] == SECOND_GENERATION, name
        assert not template["session_affinity"], f"{name}: any instance answers"


def test_every_job_has_this_much_of_everything(cloud: Deployment) -> None:
    expected = {f"superset-{step}": ("1", "2Gi") for step in ("apply", "bootstrap", "refresh")}
    expected["transform"] = {"small": ("2", "8Gi"), "team": ("4", "16Gi")}[cloud.profile]
    for name, one in cloud.connections.items():
        expected[f"ingest-{name.replace('_', '-')}"] = (one.get("cpu", "1"), one.get("memory", "1Gi"))
    found = {}
    for name, one in workloads.jobs(cloud).items():
        (task,) = one["template"][0]["template"]
        limits = task["containers"][0]["resources"][0]["limits"]
        found[name] = (limits["cpu"], limits["memory"])
        assert task["execution_environment"] == SECOND_GENERATION, name
    assert found == expected


def test_every_function_has_this_much_of_everything(cloud: Deployment) -> None:
    configs = {name: one["service_config"][0] for name, one in workloads.functions(cloud).items()}
    assert {name: one["max_instance_request_concurrency"] for name, one in configs.items()} == AT_ONCE
    # more than one request at a time takes a whole processor
    sizes = {(one["available_cpu"], one["available_memory"]) for one in configs.values()}
    assert sizes == {("1", "512Mi")}


def test_the_processor_is_paid_for_requests_only(cloud: Deployment) -> None:
    for name, one in workloads.services(cloud).items():
        (resources,) = one["template"][0]["containers"][0]["resources"]
        assert resources["cpu_idle"] is True, name
        assert resources["startup_cpu_boost"] is True, name


def test_every_service_listens_on_8080_and_says_when_it_is_ready(cloud: Deployment) -> None:
    found = {}
    for name, one in workloads.services(cloud).items():
        (container,) = one["template"][0]["containers"]
        (port,) = container["ports"]
        (probe,) = container["startup_probe"]
        kind = next(kind for kind in ("http_get", "tcp_socket", "grpc") if probe[kind])
        found[name] = (port["name"] or "http1", port["container_port"], kind, probe[kind][0].get("path"))
        assert 60 <= probe["period_seconds"] * probe["failure_threshold"] <= 240, (
            f"{name}: Cloud Run waits 240 s at most"
        )
    expected = {
        "cache": ("h2c", 8080, "tcp_socket", None),  # gRPC; Flight has no health service
        "superset": ("http1", 8080, "http_get", "/health"),
    }
    if cloud.airbyte == "job":
        expected["ingestion"] = ("http1", 8080, "http_get", "/api/public/v1/health")
    assert found == expected


def test_the_caches_memory_is_shared_out_within_its_container(cloud: Deployment) -> None:
    cache = workloads.all_of(cloud)["service cache"]
    number = {
        name: int(value) for name, value in cache.variables.items() if name.startswith("CACHE_") and value.isdigit()
    }
    given = int(cache.container["resources"][0]["limits"]["memory"].removesuffix("Mi"))
    workers = number["CACHE_WORKERS"] * number["CACHE_WORKER_MIB"]
    assert number["CACHE_DISK_MIB"] + number["CACHE_RESULT_MIB"] + workers + 256 <= given, "and the server itself"


def test_every_image_is_named_by_digest(cloud: Deployment) -> None:
    images = {name: one.container["image"] for name, one in workloads.all_of(cloud).items() if one.container}
    assert {name: image for name, image in images.items() if "@sha256:" not in image} == {}


def test_every_workload_runs_the_image_it_is_given(cloud: Deployment) -> None:
    given = cloud.variables.get("images", {})
    found = workloads.all_of(cloud)
    runs = {"service cache": "cache", "job transform": "transform", "service superset": "superset"}
    runs |= {f"job superset-{step}": "superset" for step in ("apply", "bootstrap", "refresh")}
    if cloud.airbyte == "job":
        runs["service ingestion"] = "ingestion"
    for workload, image in runs.items():
        if image in given:
            assert found[workload].container["image"] == given[image], workload
    for name, connection in cloud.connections.items():
        assert found[f"job ingest-{name.replace('_', '-')}"].container["image"] == connection["image"]


def test_the_database_is_private_backed_up_and_asks_for_a_certificate(cloud: Deployment) -> None:
    instance = cloud.one("google_sql_database_instance", "biaac")
    (settings,) = instance["settings"]
    (address,) = settings["ip_configuration"]
    (backup,) = settings["backup_configuration"]
    assert instance["region"] == REGION
    assert instance["database_version"].startswith("POSTGRES_")
    assert settings["edition"] == "ENTERPRISE", "shared-core tiers exist in no other"
    assert address["ipv4_enabled"] is False
    assert address["private_network"] == "google_compute_network/biaac/id"
    assert address["ssl_mode"] == "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"
    assert not address["authorized_networks"]
    assert (backup["enabled"], backup["point_in_time_recovery_enabled"]) == (True, True)


def test_the_profile_chooses_the_databases_machine(cloud: Deployment) -> None:
    (settings,) = cloud.one("google_sql_database_instance", "biaac")["settings"]
    assert (settings["tier"], settings["availability_type"], settings["disk_size"]) == {
        "small": ("db-f1-micro", "ZONAL", 10),
        "team": ("db-custom-1-3840", "REGIONAL", 20),
    }[cloud.profile]
    assert settings["disk_autoresize"] is True
    assert settings["disk_autoresize_limit"] <= 50


def test_the_instance_holds_three_databases_and_two_users(cloud: Deployment) -> None:
    assert set(cloud.named("google_sql_database")) == {"lake", "sqlmesh", "superset"}
    assert set(cloud.named("google_sql_user")) == {"lake", "superset"}
    for one in [*cloud.all("google_sql_database"), *cloud.all("google_sql_user")]:
        assert one.values["instance"] == "biaac"
        # a destroy comes to them before the instance refuses it
        assert one.values["deletion_policy"] == "ABANDON", one.address


def test_the_database_is_reached_through_cloud_runs_own_connector(cloud: Deployment) -> None:
    connected = {
        name
        for name, one in workloads.all_of(cloud).items()
        if one.container and any(mount["mount_path"] == "/cloudsql" for mount in one.container["volume_mounts"])
    }
    assert connected == {
        "job transform",
        "job superset-apply",
        "job superset-bootstrap",
        "job superset-refresh",
        "service superset",
    }
    for name, one in workloads.all_of(cloud).items():
        if name in connected:
            template = one.values["template"][0]
            (volume,) = template.get("volumes") or template["template"][0]["volumes"]
            (mount,) = one.container["volume_mounts"]
            assert mount["name"] == volume["name"], name
            assert volume["cloud_sql_instance"] == [{"instances": [f"{PROJECT}:{REGION}:biaac"]}], name


def test_what_holds_something_refuses_to_be_destroyed(cloud: Deployment) -> None:
    protected = {
        one.address: one.values["deletion_protection"] for one in cloud.resources if "deletion_protection" in one.values
    }
    (settings,) = cloud.one("google_sql_database_instance", "biaac")["settings"]
    assert settings["deletion_protection_enabled"] is True
    # Jobs hold nothing; the service ingestion goes when another Airbyte is chosen; two secrets go with the database.
    ours = {"module.ingestion"} if cloud.airbyte == "job" else set()
    free = {address for address, value in protected.items() if value is False}  # left out, it is true
    assert {address.split("[")[0] for address in free} == ours | {
        "module.jobs.google_cloud_run_v2_job.main",
        "module.database.google_secret_manager_secret.main",
    }
    kept = {address.split("[")[0] for address, value in protected.items() if value}
    assert kept == {
        "module.cache.google_cloud_run_v2_service.main",
        "module.database.google_sql_database_instance.main",
        "module.secrets.google_secret_manager_secret.main",
        "module.superset.google_cloud_run_v2_service.main",
        "module.workflow.google_workflows_workflow.main",
    }
