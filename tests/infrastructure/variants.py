"""The ways to deploy that are planned and looked at: together they turn on everything the variables offer."""

from pathlib import Path
from typing import Any

from tests.infrastructure.deployment import PROJECT, REGION

DIGEST = "sha256:" + "a1" * 32


def image(name: str) -> str:
    """An image of the build's, by digest."""
    return f"{REGION}-docker.pkg.dev/{PROJECT}/images/{name}@{DIGEST}"


# What a person must set.
LEAST = {
    "project_id": PROJECT,
    "region": REGION,
    "domain": "acme.com",
    "operators": ["data@acme.com"],
    "viewers": ["group:sales@acme.com", "user:owner@acme.com"],
}
REPOSITORY = {"name": "acme/analytics", "connection": f"projects/{PROJECT}/locations/{REGION}/connections/github"}
CONNECTIONS = {
    "grocery": {"image": image("source-grocery")},
    "web_shop": {
        "image": image("source-web-shop"),
        "secrets": ["SHOP_PASSWORD", "SHOP_TOKEN"],
        "cpu": "2",
        "memory": "2Gi",
        "timeout_seconds": 7200,
    },
}
VARIANTS: dict[str, dict[str, Any]] = {
    # the defaults, deployed by merges
    "small": {"repository": REPOSITORY, "connections": CONNECTIONS},
    # everything that can be turned on
    "team": {
        "profile": "team",
        "repository": REPOSITORY,
        "connections": CONNECTIONS,
        "billing_account": "012345-6789AB-CDEF01",
        "budget_amount": 200,
        "kms_key": f"projects/{PROJECT}/locations/{REGION}/keyRings/biaac/cryptoKeys/data",
        "images": {name: image(name) for name in ("cache", "ingestion", "superset", "transform")},
        "labels": {"cost_center": "sales"},
        "network_cidr": "10.20.0.0/22",
        "require_approval": True,
        "revision": "1b857ec",
    },
    # somebody else moves the data
    "airbyte_cloud": {
        "airbyte": "cloud",
        "runbooks_url": "https://acme.com/runbooks",
        "sweep_schedule": "*/20 * * * *",
    },
    "airbyte_self_managed": {
        "airbyte": "self_managed",
        "airbyte_url": "https://airbyte.acme.com/api/public/v1",
        "runbooks_url": "https://acme.com/runbooks",
    },
}
NAMES = list(VARIANTS)


def variables(name: str, *, source: Path) -> dict[str, Any]:
    """The values of a variant, with an archive in place of the functions' source."""
    return {**LEAST, **VARIANTS[name], "functions_source": str(source)}
