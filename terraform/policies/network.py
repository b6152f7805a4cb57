"""What can be reached, and from where."""

from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck
from checkov.terraform.checks.resource.base_resource_negative_value_check import BaseResourceNegativeValueCheck
from checkov.terraform.checks.resource.base_resource_value_check import BaseResourceValueCheck

Conf = dict[str, list[Any]]

INTERNAL = {"INGRESS_TRAFFIC_INTERNAL_ONLY", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"}


class ServiceInternalOrBehindIap(BaseResourceCheck):
    """Everything but the dashboards is for workloads of the project; the dashboards ask Google who comes."""

    def __init__(self) -> None:
        super().__init__(
            "A Cloud Run service is internal, or behind IAP",
            "CKV_BIAAC_20",
            [CheckCategories.NETWORKING],
            ["google_cloud_run_v2_service"],
        )

    def scan_resource_conf(self, conf: Conf) -> CheckResult:
        """Open ingress needs IAP."""
        internal = conf.get("ingress", [None])[0] in INTERNAL
        return CheckResult.PASSED if internal or conf.get("iap_enabled", [None])[0] is True else CheckResult.FAILED


class ServiceAsksForIdentity(BaseResourceNegativeValueCheck):
    """Without the invoker check, whoever reaches the service may use it."""

    def __init__(self) -> None:
        super().__init__(
            "A Cloud Run service lets only invokers in",
            "CKV_BIAAC_21",
            [CheckCategories.NETWORKING],
            ["google_cloud_run_v2_service"],
        )

    def get_inspected_key(self) -> str:
        """Whether the check is off."""
        return "invoker_iam_disabled"

    def get_forbidden_values(self) -> list[Any]:
        """It must not be."""
        return [True]


class FunctionInternal(BaseResourceValueCheck):
    """Scheduler, Eventarc and Workflows of the same project count as internal."""

    def __init__(self) -> None:
        super().__init__(
            "A function takes internal traffic only",
            "CKV_BIAAC_22",
            [CheckCategories.NETWORKING],
            ["google_cloudfunctions2_function"],
        )

    def get_inspected_key(self) -> str:
        """Where its traffic may come from."""
        return "service_config/[0]/ingress_settings"

    def get_expected_value(self) -> Any:
        """The one closed setting."""
        return "ALLOW_INTERNAL_ONLY"


class DatabasePrivate(BaseResourceValueCheck):
    """A public address is scanned within minutes."""

    def __init__(self) -> None:
        super().__init__(
            "A Cloud SQL instance has no public address",
            "CKV_BIAAC_23",
            [CheckCategories.NETWORKING],
            ["google_sql_database_instance"],
        )

    def get_inspected_key(self) -> str:
        """Whether it has an address of its own on the internet."""
        return "settings/[0]/ip_configuration/[0]/ipv4_enabled"

    def get_expected_value(self) -> Any:
        """Said, since the default is yes."""
        return False


class FirewallClosed(BaseResourceCheck):
    """Nothing in this network listens for the internet."""

    def __init__(self) -> None:
        super().__init__(
            "No firewall rule lets the internet in",
            "CKV_BIAAC_24",
            [CheckCategories.NETWORKING],
            ["google_compute_firewall"],
        )

    def scan_resource_conf(self, conf: Conf) -> CheckResult:
        """An allowing ingress rule must name narrower sources."""
        allows = any(conf.get("allow", [])) and conf.get("direction", ["INGRESS"])[0] != "EGRESS"
        sources = conf.get("source_ranges", [[]])[0] or []
        return CheckResult.FAILED if allows and {"0.0.0.0/0", "::/0"} & set(sources) else CheckResult.PASSED


checks = [
    ServiceInternalOrBehindIap(),
    ServiceAsksForIdentity(),
    FunctionInternal(),
    DatabasePrivate(),
    FirewallClosed(),
]
