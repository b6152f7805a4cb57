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
def test_the_sizes_that_are_counted_are_those_that_are_deployed(
    profile: str, deployments: Callable[[str], Deployment]
) -> None:
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
        deployed_size = (float(service["available_cpu"]), _gib(service["available_memory"]))
        assert deployed_size == (counted["function"]["cpu"], counted["function"]["memory_gib"]), name


@pytest.mark.parametrize("profile", ["small", "team"])
def test_the_database_that_is_counted_is_deployed(profile: str, deployments: Callable[[str], Deployment]) -> None:
    (instance,) = (resource.values for resource in deployments(profile).all("google_sql_database_instance"))
    settings = instance["settings"][0]
    counted = yaml.safe_load((ROOT / "docs/prices.yaml").read_text())["sizes"][profile]["database"]
    assert settings["tier"] == counted["tier"]
    assert settings["disk_size"] == counted["disk_gib"]
    assert (settings["availability_type"] == "REGIONAL") == counted["regional"]


def test_the_sweep_is_counted_as_often_as_it_runs(deployments: Callable[[str], Deployment]) -> None:
    schedule = deployments("small").one("google_cloud_scheduler_job", "sweep")["schedule"]
    minutes = 60 // yaml.safe_load((ROOT / "docs/prices.yaml").read_text())["sizes"]["both"]["sweeps_per_hour"]
    assert schedule == f"*/{minutes} * * * *"


def _gib(text: str) -> float:
    return float(text[:-2]) * GIB[text[-2:]]
