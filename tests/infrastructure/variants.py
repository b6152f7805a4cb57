"""The ways to deploy that are planned and looked at: together they turn on everything the variables offer."""

from pathlib import Path
from typing import Any

import yaml

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
SECRETS = {"grocery": set[str](), "web_shop": {"SHOP_PASSWORD", "SHOP_TOKEN"}}
# What connection files say, and what Terraform makes of it.
CRONS = {"grocery": ("0 5 * * *", "America/New_York"), "web_shop": ("30 */2 * * *", "UTC")}
SUBNETWORK = f"projects/acme-network/regions/{REGION}/subnetworks/sources"
IMAGES = {name: image(f"source-{name.replace('_', '-')}") for name in SECRETS}
VALUES = {"web_shop": {"cpu": "2", "memory": "2Gi", "timeout_seconds": 7200, "subnetwork": SUBNETWORK}}
VARIANTS: dict[str, dict[str, Any]] = {
    # the defaults, deployed by merges
    "small": {"repository": REPOSITORY, "connections": VALUES, "images": {"connections": IMAGES}},
    # everything that can be turned on
    "team": {
        "profile": "team",
        "repository": REPOSITORY,
        "billing_account": "012345-6789AB-CDEF01",
        "budget_amount": 200,
        "images": {
            **{name: image(name) for name in ("cache", "ingestion", "superset", "transform")},
            "connections": IMAGES,
        },
        "labels": {"cost_center": "sales"},
        "require_approval": True,
        "revision": "1b857ec",
    },
    # somebody else moves the data
    "airbyte_cloud": {
        "airbyte": "cloud",
        "runbooks_url": "https://acme.com/runbooks",
        "sweep_minutes": 20,
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


def write_connections(folder: Path) -> None:
    """The company's connection files: one without configuration, one with secrets."""
    folder.mkdir()
    for name, (cron, time_zone) in CRONS.items():
        schedule = {"cron": cron} if time_zone == "UTC" else {"cron": cron, "time_zone": time_zone}
        config = (
            {"config": {"nested": [f"${{secret:{secret}}}" for secret in sorted(SECRETS[name])]}}
            if SECRETS[name]
            else {}
        )
        source = {"connector": f"sources/{name}", **config}
        file = {"name": name, "description": f"Of {name}.", "schedule": schedule, "source": source}
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(file))
