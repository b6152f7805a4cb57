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
    free = {address for address, value in protected.items() if not value}
    assert {address.split("[")[0] for address in free} <= {
        "module.jobs.google_cloud_run_v2_job.main",
        "module.ingestion",
        "module.database.google_secret_manager_secret.main",
    }
    kept = {address.split("[")[0] for address, value in protected.items() if value}
    assert kept >= {
        "module.cache.google_cloud_run_v2_service.main",
        "module.database.google_sql_database_instance.main",
        "module.secrets.google_secret_manager_secret.main",
        "module.superset.google_cloud_run_v2_service.main",
        "module.workflow.google_workflows_workflow.main",
    }
