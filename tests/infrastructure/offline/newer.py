"""What ``terraform/`` uses of google 7 and 8 and google 6.50, the last that CDKTF generated, did not have.

Add an argument here when ``terraform/`` starts to use it; the real provider judges it in Cloud Build.
"""

from tests.infrastructure.offline.schema import Attribute, Block


def lift(resources: dict[str, Block]) -> None:
    resources["google_cloud_run_v2_service"].attributes["iap_enabled"] = Attribute("bool", optional=True)
    config = resources["google_cloudfunctions2_function"].blocks["service_config"].block
    config.attributes["service"] = Attribute("string", computed=True)
    users = resources["google_sql_user"].attributes
    users["database_roles"] = Attribute(["list", "string"], optional=True)
