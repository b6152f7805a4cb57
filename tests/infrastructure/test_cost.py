"""What docs/cost.md counts is what Terraform deploys."""

from collections.abc import Callable

import pytest
import yaml

from biaac.settings import ROOT
from tests.infrastructure import workloads
from tests.infrastructure.deployment import Deployment, Values

COUNTED = {
    "service cache": "cache",
    "service superset": "superset",
    "service ingestion": "ingestion",
    "job transform": "transform",
    "job superset-refresh": "superset_refresh",
    "job ingest-grocery": "ingest",
}
GIB = {"Gi": 1.0, "Mi": 1 / 1024}


@pytest.mark.parametrize("profile", ["small", "team"])
def test_what_is_counted_is_what_is_deployed(profile: str, deployments: Callable[[str], Deployment]) -> None:
    cloud = deployments(profile)
    sizes: Values = yaml.safe_load((ROOT / "docs/prices.yaml").read_text())["sizes"]
    counted = sizes["both"] | sizes[profile]
    deployed = workloads.all_of(cloud)
    for name, key in COUNTED.items():
        limits = deployed[name].container["resources"][0]["limits"]
        assert (float(limits["cpu"]), _gib(limits["memory"])) == (counted[key]["cpu"], counted[key]["memory_gib"]), name
    for name, values in workloads.services(cloud).items():
        least = values["template"][0]["scaling"][0]["min_instance_count"]
        assert least == counted[name].get("min_instances", 0), name
    for name, values in workloads.functions(cloud).items():
        service = values["service_config"][0]
        size = (float(service["available_cpu"]), _gib(service["available_memory"]))
        assert size == (counted["function"]["cpu"], counted["function"]["memory_gib"]), name
    settings, database = cloud.one("google_sql_database_instance", "biaac")["settings"][0], counted["database"]
    assert (settings["tier"], settings["disk_size"]) == (database["tier"], database["disk_gib"])
    assert (settings["availability_type"] == "REGIONAL") == database["regional"]
    sweep = cloud.one("google_cloud_scheduler_job", "sweep")["schedule"]
    assert sweep == f"*/{60 // counted['sweeps_per_hour']} * * * *"


def _gib(text: str) -> float:
    return float(text[:-2]) * GIB[text[-2:]]
