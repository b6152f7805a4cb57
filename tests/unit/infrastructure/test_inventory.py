"""The inventory of what the code reads is whole and true, and a difference of one name is told."""

import pytest

from biaac.settings import AirbyteSettings, Settings
from tests.infrastructure import inventory
from tests.infrastructure.inventory import COMMAND, WORKLOADS, faults

SHARED = {"GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION", "BIAAC_ENVIRONMENT"}
SHARED |= {"BRONZE_BUCKET", "LAKE_BUCKET", "OPS_BUCKET"}


@pytest.mark.parametrize("room", ["functions", "sqlmesh_project", "cache_service", "ingestion", "superset", "cli"])
def test_whatever_a_room_loads_belongs_to_one_of_its_workloads(room: str) -> None:
    workloads = [COMMAND] if room == "cli" else [each for each in WORKLOADS.values() if each.room == room]
    known = {base.__name__ for each in workloads for kind in each.settings for base in kind.__mro__}
    assert inventory.loaded_by(room) <= known
    loaded = {kind.__name__ for each in workloads for kind in each.settings}
    assert loaded <= inventory.loaded_by(room), "nothing is listed that no file of the room loads"


@pytest.mark.parametrize("name", sorted(WORKLOADS))
def test_what_the_cloud_says_is_a_variable_of_the_workload(name: str) -> None:
    assert WORKLOADS[name].said <= WORKLOADS[name].readable
    assert WORKLOADS[name].needed >= SHARED


def test_no_service_demands_the_address_of_one_that_demands_its_own() -> None:
    demands = {
        "cache": WORKLOADS["cache"].needed,
        "ingestion": WORKLOADS["ingestion"].needed,
        "promote": WORKLOADS["promote"].needed,
    }
    assert {name for names in demands.values() for name in names if name.endswith("_URL")} == set()
    assert {name for name in WORKLOADS["warm-cache"].needed if name.endswith("_URL")} == {"CACHE_URL"}
    for name in ("sync", "bronze-finalized", "sweep", "transform"):
        assert {each for each in WORKLOADS[name].needed if each.endswith("_URL")} == {"AIRBYTE_URL"}


def test_a_connections_job_needs_the_secrets_that_its_file_names() -> None:
    grocery = inventory.declared()["grocery"]
    source = grocery.source.model_copy(
        update={"config": {"user": "${secret:SHOP_USER}", "more": ["x${secret:SHOP_KEY}"]}}
    )
    job = inventory.sync_job(grocery.model_copy(update={"source": source}))
    assert job.needed - WORKLOADS["ingestion"].needed == {"SHOP_USER", "SHOP_KEY"}


def test_the_workflow_asks_for_two_addresses_and_starts_two_jobs() -> None:
    assert inventory.workflow_variables() == {"WARM_CACHE_URL", "PROMOTE_URL"}
    assert inventory.workflow_jobs() == {"transform", "superset-refresh"}


def test_an_image_inherits_the_variables_of_the_stage_it_is_made_from() -> None:
    assert inventory.image_variables("cache")["CACHE_HOST"] == "0.0.0.0"  # noqa: S104  a container's
    assert "CACHE_HOST" not in inventory.image_variables("ingestion")
    assert inventory.image_variables("connector")["CONNECTORS_DIR"] == "/opt/connectors"


@pytest.mark.parametrize("name", sorted(set(WORKLOADS["transform"].needed)))
def test_a_rename_on_one_side_is_two_faults(name: str) -> None:
    needed = WORKLOADS["transform"].needed
    assert faults(needed, needed) == []
    in_terraform = needed - {name} | {f"{name}_2"}
    assert faults(needed, in_terraform) == [f"{name} is read and not given", f"{name}_2 is given and not read"]
    assert faults(in_terraform, needed) == [f"{name}_2 is read and not given", f"{name} is given and not read"]


def test_a_variable_without_a_default_is_needed_and_one_with_a_default_is_not() -> None:
    found = inventory.variables(AirbyteSettings)
    assert (found["AIRBYTE_URL"], found["AIRBYTE_CLIENT_ID"]) == (False, True)
    assert "AIRBYTE_URL" not in inventory.variables(Settings)
