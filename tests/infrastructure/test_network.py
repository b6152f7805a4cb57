"""What can be reached from where, and what each workload can reach."""

import ipaddress

from tests.infrastructure import workloads
from tests.infrastructure.deployment import Deployment


def test_only_the_dashboards_are_open_and_they_are_behind_iap(cloud: Deployment) -> None:
    found = {
        name: (one["ingress"], bool(one["iap_enabled"]), bool(one["invoker_iam_disabled"]))
        for name, one in workloads.services(cloud).items()
    }
    expected = {
        "cache": ("INGRESS_TRAFFIC_INTERNAL_ONLY", False, False),
        "superset": ("INGRESS_TRAFFIC_ALL", True, False),
    }
    if cloud.airbyte == "job":
        expected["ingestion"] = ("INGRESS_TRAFFIC_INTERNAL_ONLY", False, False)
    assert found == expected


def test_functions_take_internal_traffic_only(cloud: Deployment) -> None:
    found = {name: one["service_config"][0]["ingress_settings"] for name, one in workloads.functions(cloud).items()}
    assert found == dict.fromkeys(("bronze-finalized", "promote", "sweep", "sync", "warm-cache"), "ALLOW_INTERNAL_ONLY")


def test_whoever_calls_an_internal_service_sends_through_the_network_and_no_other_does(cloud: Deployment) -> None:
    # An internal service counts a request as internal only when it comes through the network; from there, with no NAT,
    # nothing but Google is reached, so whoever calls an Airbyte on the internet must not send through it.
    own = cloud.airbyte == "job"
    calls_airbyte = "ALL_TRAFFIC" if own else None
    expected: dict[str, str | None] = {
        "function sync": calls_airbyte,
        "function bronze-finalized": calls_airbyte,
        "function sweep": calls_airbyte,
        "function warm-cache": "ALL_TRAFFIC",  # the cache
        "function promote": None,
        "service cache": None,
        "service superset": "ALL_TRAFFIC",  # the cache, the private database
        "job superset-bootstrap": "ALL_TRAFFIC",
        "job superset-apply": "ALL_TRAFFIC",
        "job superset-refresh": "ALL_TRAFFIC",
        # the private database either way; only an Airbyte of ours is internal
        "job transform": "ALL_TRAFFIC" if own else "PRIVATE_RANGES_ONLY",
    }
    if own:
        expected["service ingestion"] = None
    for name in cloud.connections:
        expected[f"job ingest-{name.replace('_', '-')}"] = None  # sources are on the internet
    assert {name: one.egress for name, one in workloads.all_of(cloud).items()} == expected


def test_there_is_one_network_without_routes_of_its_own(cloud: Deployment) -> None:
    assert cloud.one("google_compute_network", "biaac")["auto_create_subnetworks"] is False
    kinds = {one.kind for one in cloud.resources if one.kind.startswith("google_compute_")}
    assert kinds == {
        "google_compute_network",
        "google_compute_subnetwork",
        "google_compute_firewall",
        "google_compute_global_address",
    }, "no router, no NAT, no load balancer, no connector: each costs money at rest, or opens a way"


def test_the_subnetwork_reaches_google_privately_and_is_logged(cloud: Deployment) -> None:
    subnetwork = cloud.one("google_compute_subnetwork", "biaac-run")
    assert subnetwork["private_ip_google_access"] is True
    assert subnetwork["network"] == "google_compute_network/biaac/id"
    assert subnetwork["ip_cidr_range"] == cloud.variables.get("network_cidr", "10.10.0.0/24")
    assert ipaddress.IPv4Network(subnetwork["ip_cidr_range"]).is_private
    # a tenth of the connections shows who talks to whom; logs are paid for by volume
    (log,) = subnetwork["log_config"]
    found = (log["aggregation_interval"], log["flow_sampling"], log["metadata"])
    assert found == ("INTERVAL_10_MIN", 0.1, "EXCLUDE_ALL_METADATA")


def test_the_only_firewall_rule_denies_everything_that_comes_in(cloud: Deployment) -> None:
    rule = cloud.one("google_compute_firewall", "biaac-deny-ingress")
    assert len(cloud.all("google_compute_firewall")) == 1
    assert (rule["priority"], rule["disabled"]) == (65534, None), "before the implied rules, after any that is added"
    assert [log["metadata"] for log in rule["log_config"]] == ["EXCLUDE_ALL_METADATA"]
    assert (rule["direction"], rule["source_ranges"], rule["allow"]) == ("INGRESS", ["0.0.0.0/0"], [])
    assert [one["protocol"] for one in rule["deny"]] == ["all"]
    assert rule["network"] == "google_compute_network/biaac/id"


def test_google_has_its_own_range_for_the_database(cloud: Deployment) -> None:
    address = cloud.one("google_compute_global_address", "biaac-services")
    assert (address["purpose"], address["address_type"]) == ("VPC_PEERING", "INTERNAL")
    assert address["prefix_length"] == 20, "a database of each kind and region takes a /24"
    (peering,) = (one.values for one in cloud.all("google_service_networking_connection"))
    assert peering["service"] == "servicenetworking.googleapis.com"
    assert {address["network"], peering["network"]} == {"google_compute_network/biaac/id"}
    assert peering["reserved_peering_ranges"] == ["biaac-services"]
