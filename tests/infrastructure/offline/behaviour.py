"""What an apply would make of a configuration, as the Google provider would, one schema's depth deep."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.infrastructure.offline.schema import Attribute, Block, Type
from tests.infrastructure.offline.wire import UNKNOWN

Values = dict[str, Any]

PROJECT_NUMBER = "123456789012"
# What names a resource, in the order in which it is looked for.
NAMES = ("name", "account_id", "secret_id", "repository_id", "service", "display_name", "bucket")
SERVICE_ACCOUNT = "{account_id}@{project}.iam.gserviceaccount.com"
# Results whose form matters, because configuration is built of them. Any other result is "<type>/<name>/<attribute>":
# no two resources share one, so that a test of equality tells a right reference from a wrong one.
RESULTS: dict[str, dict[str, str]] = {
    "google_service_account": {
        "email": SERVICE_ACCOUNT,
        "member": f"serviceAccount:{SERVICE_ACCOUNT}",
        "name": f"projects/{{project}}/serviceAccounts/{SERVICE_ACCOUNT}",
        "id": f"projects/{{project}}/serviceAccounts/{SERVICE_ACCOUNT}",
    },
    "google_cloud_run_v2_service": {"uri": "https://{name}-abcdefghij-xx.a.run.app"},
    "google_cloudfunctions2_function": {
        "uri": "https://{name}-function-abcdefghij-xx.a.run.app",
        "url": "https://{location}-{project}.cloudfunctions.net/{name}",
        # since google 7 the service is an output; a gen2 function's service bears the function's name
        "service": "projects/{project}/locations/{location}/services/{name}",
    },
    "google_sql_database_instance": {"connection_name": "{project}:{region}:{name}"},
    "google_secret_manager_secret": {"id": "projects/{project}/secrets/{secret_id}"},
    "google_secret_manager_secret_version": {"version": "1"},
    "google_storage_bucket": {"id": "{name}", "url": "gs://{name}"},
    "google_workflows_workflow": {"id": "projects/{project}/locations/{region}/workflows/{name}"},
    "google_project_service_identity": {
        "email": f"service-{PROJECT_NUMBER}@{{service}}.iam.gserviceaccount.com",
        "member": f"serviceAccount:service-{PROJECT_NUMBER}@{{service}}.iam.gserviceaccount.com",
    },
    "google_artifact_registry_repository": {
        "id": "projects/{project}/locations/{location}/repositories/{repository_id}",
        "registry_uri": "{location}-docker.pkg.dev/{project}/{repository_id}",
    },
    "data google_project": {"number": PROJECT_NUMBER, "id": "projects/{project_id}", "project_id": "{project}"},
    "data google_storage_project_service_account": {
        "email_address": f"service-{PROJECT_NUMBER}@gs-project-accounts.iam.gserviceaccount.com",
        "member": f"serviceAccount:service-{PROJECT_NUMBER}@gs-project-accounts.iam.gserviceaccount.com",
    },
}
# Blocks that the provider fills when configuration leaves them out, and that other configuration reads.
FILLED = {"google_eventarc_trigger": ("transport",)}


@dataclass
class Defaults:
    project: str = "no-project"
    region: str = "no-region"
    labels: dict[str, str] = field(default_factory=dict)


def name_of(kind: str, values: Values) -> str:
    return next((value for key in NAMES if isinstance(value := values.get(key), str)), kind)


def computed(block: Block, config: Values, proposed: Values) -> Values:
    """The proposed value with everything unknown that the provider computes and configuration leaves out."""
    out = dict(proposed)
    for name, attribute in block.attributes.items():
        if attribute.write_only:
            out[name] = None
        elif attribute.computed and config.get(name) is None:
            out[name] = UNKNOWN
    for name, nested in block.blocks.items():
        value, configured = proposed.get(name), config.get(name)
        if isinstance(value, list):
            by_position = nested.nesting == "list" and isinstance(configured, list)
            out[name] = [
                computed(nested.block, configured[i] if by_position else one, one) if isinstance(one, dict) else one
                for i, one in enumerate(value)
            ]
        elif isinstance(value, dict):
            out[name] = computed(nested.block, configured if isinstance(configured, dict) else {}, value)
    return out


def fill(kind: str, values: Values) -> None:
    for name in FILLED.get(kind, ()):
        if not values[name]:
            values[name] = UNKNOWN


def label(block: Block, values: Values, defaults: Defaults) -> None:
    """Give a resource the provider's default labels, as the provider does while it plans."""
    if "effective_labels" in block.attributes:
        own = values.get("labels")
        if own is UNKNOWN or (isinstance(own, dict) and UNKNOWN in own.values()):
            return
        values["effective_labels"] = values["terraform_labels"] = {**defaults.labels, **(own or {})}


def settled(kind: str, block: Block, values: Values, defaults: Defaults) -> Values:
    """The value after the apply: everything known."""
    facts = {"project": defaults.project, "project_id": defaults.project}
    facts |= {"region": defaults.region, "location": defaults.region}
    facts.update({key: value for key, value in values.items() if isinstance(value, str)})
    return settle(kind, block, values, facts)


def settle(kind: str, block: Block, values: Values, facts: dict[str, str]) -> Values:
    out: Values = {}
    for name, value in values.items():
        nested = block.blocks.get(name)
        if value is UNKNOWN and nested:
            out[name] = made_up(kind, name, ["list", nested.block.object_type()], facts)
        elif value is UNKNOWN:
            out[name] = result(kind, name, block.attributes[name], facts)
        elif nested and isinstance(value, list):
            out[name] = [settle(kind, nested.block, one, facts) for one in value]
        elif nested and isinstance(value, dict):
            out[name] = settle(kind, nested.block, value, facts)
        else:
            out[name] = value
    return out


def result(kind: str, name: str, attribute: Attribute, facts: dict[str, str]) -> Any:
    """What nobody configured; None where configuration could have: Google's default is not known here."""
    form = RESULTS.get(kind, {}).get(name)
    if form:
        return form.format_map(facts)
    if name in {"project", "region", "location"}:
        return facts[name]
    if attribute.read_only or name == "id":
        return made_up(kind, name, attribute.type, facts)
    return None


def made_up(kind: str, name: str, of_type: Type, facts: dict[str, str]) -> Any:
    """A value of a type; a list has one element, since configuration indexes it."""
    if of_type == "string":
        form = RESULTS.get(kind, {}).get(name)
        return form.format_map(facts) if form else f"{kind}/{name_of(kind, facts)}/{name}"
    if of_type in ("number", "bool"):
        return 0 if of_type == "number" else False
    if of_type == "dynamic":
        return None
    outer, inner = of_type
    if outer == "object":
        return {key: made_up(kind, key, value, facts) for key, value in inner.items()}
    return {} if outer == "map" else [made_up(kind, name, inner, facts)]


def read_only_set(block: Block, config: Values, path: str = "") -> Iterator[str]:
    for name, value in config.items():
        if name in block.attributes and block.attributes[name].read_only and value is not None:
            yield f"{path}{name}"
        for one in inside(block, name, value):
            yield from read_only_set(block.blocks[name].block, one, f"{path}{name}.")


def undocumented(block: Block, config: Values, path: str = "") -> Iterator[tuple[str, str, list[str]]]:
    """Arguments whose value is none of the documented ones: (path, value, documented)."""
    for name, value in config.items():
        allowed = block.attributes[name].values if name in block.attributes else []
        for one in value if isinstance(value, list) else [value]:
            if allowed and isinstance(one, str) and one and one not in allowed:
                yield f"{path}{name}", one, allowed
        for one in inside(block, name, value):
            yield from undocumented(block.blocks[name].block, one, f"{path}{name}.")


def inside(block: Block, name: str, value: Any) -> list[Values]:
    if name not in block.blocks or value is UNKNOWN or not value:
        return []
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
