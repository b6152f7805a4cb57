"""What runs, whatever it runs on: its variables, its container."""

from dataclasses import dataclass

from tests.infrastructure.deployment import PROJECT, Deployment, Values


@dataclass(frozen=True)
class Workload:
    """A service, a job or a function."""

    name: str
    variables: dict[str, str]
    secrets: dict[str, str]  # variable -> name of the secret whose latest version it is
    values: Values  # of the resource
    container: Values  # of a service or a job; a function has none


def all_of(cloud: Deployment) -> dict[str, Workload]:
    """Every workload as ``service cache``, ``job transform``, ``function sync``."""
    workloads = [
        *(run(f"service {name}", one, one["template"][0]) for name, one in services(cloud).items()),
        *(run(f"job {name}", one, one["template"][0]["template"][0]) for name, one in jobs(cloud).items()),
        *(function(f"function {name}", one) for name, one in functions(cloud).items()),
    ]
    return {one.name: one for one in workloads}


def services(cloud: Deployment) -> dict[str, Values]:
    """Cloud Run services by name."""
    return cloud.named("google_cloud_run_v2_service")


def jobs(cloud: Deployment) -> dict[str, Values]:
    """Cloud Run jobs by name."""
    return cloud.named("google_cloud_run_v2_job")


def functions(cloud: Deployment) -> dict[str, Values]:
    """Functions by name."""
    return cloud.named("google_cloudfunctions2_function")


def run(name: str, values: Values, template: Values) -> Workload:
    """What runs on Cloud Run."""
    (container,) = template["containers"]
    plain: dict[str, str] = {}
    secret: dict[str, str] = {}
    for one in container["env"]:
        assert one["name"] not in {*plain, *secret}, f"{name} is given {one['name']} twice"
        if one["value_source"]:
            reference = one["value_source"][0]["secret_key_ref"][0]
            assert reference["version"] == "latest"
            secret[one["name"]] = reference["secret"].rpartition("/")[2]
        else:
            plain[one["name"]] = one["value"]
    return Workload(name, plain, secret, values, container)


def function(name: str, values: Values) -> Workload:
    """What runs as a function."""
    config = values["service_config"][0]
    secret: dict[str, str] = {}
    for one in config["secret_environment_variables"]:
        assert one["version"] == "latest"
        assert one["project_id"] == PROJECT, f"{name} reads the secrets of another project"
        secret[one["key"]] = one["secret"].rpartition("/")[2]
    plain = config["environment_variables"] or {}
    return Workload(name, plain, secret, values, {})
