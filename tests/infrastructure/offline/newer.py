"""What ``terraform/`` uses of google 7 and 8 and google 6.50, the last that CDKTF generated, did not have.

Add an argument here when ``terraform/`` starts to use it; the real provider judges it in Cloud Build.
"""

from tests.infrastructure.offline.schema import Attribute, Block, Nested


def lift(resources: dict[str, Block]) -> None:
    """Change the resources of 6.50 in place."""
    resources["google_cloud_run_v2_service"].attributes["iap_enabled"] = Attribute("bool", optional=True)
    config = resources["google_cloudfunctions2_function"].blocks["service_config"].block
    config.attributes["service"] = Attribute("string", computed=True)
    config.attributes["direct_vpc_egress"] = Attribute(
        "string", optional=True, values=["VPC_EGRESS_ALL_TRAFFIC", "VPC_EGRESS_PRIVATE_RANGES_ONLY"]
    )
    interface = {
        "network": Attribute("string", optional=True),
        "subnetwork": Attribute("string", optional=True),
        "tags": Attribute(["list", "string"], optional=True),
    }
    config.blocks["direct_vpc_network_interface"] = Nested("list", Block(interface))
    attempts = Block({"max_attempts": Attribute("number", optional=True)})
    resources["google_eventarc_trigger"].blocks["retry_policy"] = Nested("list", attempts, max_items=1)
