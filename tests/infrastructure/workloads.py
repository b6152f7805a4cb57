"""What runs, whatever it runs on: its variables, its container."""

from dataclasses import dataclass

from tests.infrastructure.deployment import PROJECT, Deployment, Values


@dataclass(frozen=True)
class Workload:
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
    return cloud.named("google_cloud_run_v2_service")


def jobs(cloud: Deployment) -> dict[str, Values]:
    return cloud.named("google_cloud_run_v2_job")


def functions(cloud: Deployment) -> dict[str, Values]:
    return cloud.named("google_cloudfunctions2_function")


def run(name: str, values: Values, template: Values) -> Workload:
    (container,) = template["containers"]
    names = [one["name"] for one in container["env"]]
    assert len(names) == len(set(names)), f"{name} is given a variable twice"
    plain = {one["name"]: one["value"] for one in container["env"] if not one["value_source"]}
    read = {one["name"]: one["value_source"][0]["secret_key_ref"][0] for one in container["env"] if one["value_source"]}
    return Workload(name, plain, latest(read), values, container)


def function(name: str, values: Values) -> Workload:
    config = values["service_config"][0]
    read = {one["key"]: one for one in config["secret_environment_variables"]}
    assert {one["project_id"] for one in read.values()} <= {PROJECT}, f"{name} reads the secrets of another project"
    return Workload(name, config["environment_variables"] or {}, latest(read), values, {})


def latest(read: dict[str, Values]) -> dict[str, str]:
    """Variable -> secret, whose latest version is read."""
    assert {one["version"] for one in read.values()} <= {"latest"}
    return {variable: one["secret"].rpartition("/")[2] for variable, one in read.items()}
