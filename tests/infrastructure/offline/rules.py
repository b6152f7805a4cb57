"""What the provider or its API refuses beyond the schema, for the types this project uses: formats and choices.

Each is documented on the page of its resource (registry.terraform.io/providers/hashicorp/google) or of its API. The
list is short on purpose: what a person gets wrong, and what would otherwise fail only in the middle of an apply.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.infrastructure.offline.wire import UNKNOWN

Values = dict[str, Any]


def matches(pattern: str, meaning: str) -> Callable[[str], str | None]:
    """A rule: the whole value matches ``pattern``."""
    return lambda value: None if re.fullmatch(pattern, value) else meaning


def is_network(value: str) -> str | None:
    """A rule: an IPv4 range whose address is its first."""
    try:
        ipaddress.IPv4Network(value)
    except ValueError as error:
        return f"an IPv4 range ({error})"
    return None


def name(longest: int) -> Callable[[str], str | None]:
    """A rule: Google's usual resource name."""
    return matches(
        rf"[a-z]([-a-z0-9]{{0,{longest - 2}}}[a-z0-9])?",
        f"lower-case letters, digits and hyphens, at most {longest}, first a letter",
    )


FORMATS: dict[tuple[str, str], Callable[[str], str | None]] = {
    ("google_service_account", "account_id"): matches(
        r"[a-z][-a-z0-9]{4,28}[a-z0-9]", "6 to 30 lower-case letters, digits and hyphens, first a letter"
    ),
    ("google_storage_bucket", "name"): matches(
        r"(?!goog)[a-z0-9][-_.a-z0-9]{1,61}[a-z0-9]", "3 to 63 lower-case letters, digits, hyphens, dots"
    ),
    ("google_cloud_run_v2_service", "name"): name(49),
    ("google_cloud_run_v2_job", "name"): name(63),
    ("google_cloudfunctions2_function", "name"): name(63),
    ("google_artifact_registry_repository", "repository_id"): name(63),
    ("google_sql_database_instance", "name"): name(98),
    ("google_workflows_workflow", "name"): name(63),
    ("google_secret_manager_secret", "secret_id"): matches(r"[\w-]{1,255}", "letters, digits, hyphens, underscores"),
    ("google_cloud_scheduler_job", "schedule"): matches(
        r"([\d*/,-]+ ){2}[\d*/,-]+ [\d*/,A-Za-z-]+ [\d*/,A-Za-z-]+", "a cron expression of five fields"
    ),
    ("google_compute_subnetwork", "ip_cidr_range"): is_network,
    ("google_project_service", "service"): matches(r"[a-z0-9-]+\.googleapis\.com", "a service of googleapis.com"),
}
IAM_FORMATS: dict[str, Callable[[str], str | None]] = {
    "member": matches(
        r"all(Authenticated)?Users|(user|group|serviceAccount|domain|principal|principalSet|project(Owner|Editor|Viewer)):\S+",
        "a principal such as user:, group:, serviceAccount: or domain:",
    ),
    "role": matches(r"(roles|(projects|organizations)/[^/]+/roles)/[\w.]+", "roles/NAME or projects/ID/roles/NAME"),
}
# At a path of a type ("" is its top), exactly one of these is given.
CHOICES: dict[str, list[tuple[str, tuple[str, ...]]]] = {
    "google_cloud_scheduler_job": [("", ("http_target", "pubsub_target", "app_engine_http_target"))],
    "google_eventarc_trigger": [("destination", ("cloud_run_service", "workflow", "gke", "http_endpoint"))],
    "google_secret_manager_secret_version": [("", ("secret_data", "secret_data_wo"))],
    "google_storage_bucket_object": [("", ("content", "source"))],
    "google_cloud_run_v2_service": [
        ("template.containers.env", ("value", "value_source")),
        ("template.containers.startup_probe", ("http_get", "tcp_socket", "grpc")),
        ("template.containers.liveness_probe", ("http_get", "tcp_socket", "grpc")),
        ("template.volumes", ("secret", "cloud_sql_instance", "empty_dir", "nfs", "gcs")),
        ("template.vpc_access", ("connector", "network_interfaces")),
    ],
    "google_cloud_run_v2_job": [
        ("template.template.containers.env", ("value", "value_source")),
        ("template.template.volumes", ("secret", "cloud_sql_instance", "empty_dir", "nfs", "gcs")),
        ("template.template.vpc_access", ("connector", "network_interfaces")),
    ],
}


def broken(kind: str, config: Values) -> Iterator[str]:
    """What the provider would refuse in one resource's configuration."""
    formats = {attribute: rule for (of, attribute), rule in FORMATS.items() if of == kind}
    if kind.endswith("_iam_member"):
        formats |= IAM_FORMATS
    for attribute, rule in formats.items():
        value = config.get(attribute)
        if isinstance(value, str) and (meaning := rule(value)):
            yield f'{kind}: {attribute} = "{value}" is not {meaning}'
    for path, names in CHOICES.get(kind, []):
        for block in reached(config, path.split(".") if path else []):
            given = [name for name in names if is_given(block.get(name))]
            unknown = any(block.get(name) is UNKNOWN for name in names)
            if len(given) != 1 and not (unknown and not given):
                at = f" in {path}" if path else ""
                yield f"{kind}: exactly one of {', '.join(names)} is needed{at}; found {', '.join(given) or 'none'}"


def is_given(value: Any) -> bool:
    """Whether configuration says something here."""
    return value is not None and value is not UNKNOWN and value != []


def reached(values: Values, path: list[str]) -> Iterator[Values]:
    """Every nested block at a path."""
    if not path:
        yield values
        return
    below = values.get(path[0])
    for one in below if isinstance(below, list) else [below]:
        if isinstance(one, dict):
            yield from reached(one, path[1:])
