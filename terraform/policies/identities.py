"""Who may do what."""

from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

Conf = dict[str, list[Any]]

EVERYBODY = {"allUsers", "allAuthenticatedUsers"}
BASIC_ROLES = {"roles/owner", "roles/editor", "roles/viewer"}
# Each lets its holder act as any account, or hand itself any right.
TAKES_OVER = {
    "roles/iam.serviceAccountKeyAdmin",
    "roles/iam.serviceAccountTokenCreator",
    "roles/iam.serviceAccountUser",
    "roles/iam.workloadIdentityUser",
    "roles/resourcemanager.projectIamAdmin",
    "roles/iam.securityAdmin",
}


def members(conf: Conf) -> list[str]:
    """The principals of a grant, whichever way it names them."""
    found = [*conf.get("member", []), *conf.get("members", [])]
    return [str(one) for some in found for one in (some if isinstance(some, list) else [some])]


class NobodyPublic(BaseResourceCheck):
    """A public member opens a bucket, a service or a dashboard to the internet."""

    def __init__(self) -> None:
        super().__init__(
            "No grant to allUsers or allAuthenticatedUsers",
            "CKV_BIAAC_1",
            [CheckCategories.IAM],
            ["google_*_iam_member", "google_*_iam_binding"],
        )

    def scan_resource_conf(self, conf: Conf) -> CheckResult:
        """Refuse the two public principals."""
        return CheckResult.FAILED if EVERYBODY & set(members(conf)) else CheckResult.PASSED


class NobodyByPattern(BaseResourceCheck):
    """A wildcard, a whole pool of workloads or a project's owners is nobody one could name."""

    def __init__(self) -> None:
        super().__init__(
            "Each grant names one principal: no wildcard, no principalSet, no projectOwner/Editor/Viewer",
            "CKV_BIAAC_2",
            [CheckCategories.IAM],
            ["google_*_iam_member", "google_*_iam_binding"],
        )

    def scan_resource_conf(self, conf: Conf) -> CheckResult:
        """Refuse members that stand for an open set."""
        open_sets = ("principalSet:", "projectOwner:", "projectEditor:", "projectViewer:")
        bad = [member for member in members(conf) if "*" in member or member.startswith(open_sets)]
        return CheckResult.FAILED if bad else CheckResult.PASSED


class NoBasicRole(BaseResourceCheck):
    """Owner, editor and viewer hold thousands of permissions each."""

    def __init__(self) -> None:
        super().__init__(
            "No basic role (owner, editor, viewer)",
            "CKV_BIAAC_3",
            [CheckCategories.IAM],
            ["google_*_iam_member", "google_*_iam_binding"],
        )

    def scan_resource_conf(self, conf: Conf) -> CheckResult:
        """Refuse the three basic roles."""
        return CheckResult.FAILED if str(conf["role"][0]) in BASIC_ROLES else CheckResult.PASSED


class NoTakeover(BaseResourceCheck):
    """On the project, some roles are as good as owner: they belong on the one resource that needs them."""

    def __init__(self) -> None:
        super().__init__(
            "No role on the project with which a workload could become another",
            "CKV_BIAAC_4",
            [CheckCategories.IAM],
            ["google_project_iam_member"],
        )

    def scan_resource_conf(self, conf: Conf) -> CheckResult:
        """Refuse roles that take over accounts, unless a condition narrows them."""
        narrowed = any(conf.get("condition", []))
        return CheckResult.FAILED if str(conf["role"][0]) in TAKES_OVER and not narrowed else CheckResult.PASSED


class NoAuthoritativeGrant(BaseResourceCheck):
    """A policy or binding takes a role from everyone it does not list, Google's own agents included."""

    def __init__(self) -> None:
        super().__init__(
            "Grants are added one by one: no *_iam_policy, no *_iam_binding",
            "CKV_BIAAC_5",
            [CheckCategories.IAM],
            ["google_*_iam_policy", "google_*_iam_binding"],
        )

    def scan_resource_conf(self, conf: Conf) -> CheckResult:  # noqa: ARG002  checkov's signature
        """Refuse the resource itself."""
        return CheckResult.FAILED


class NoKey(BaseResourceCheck):
    """A key is a password in the state, valid everywhere and for years."""

    def __init__(self) -> None:
        super().__init__(
            "No service account key and no HMAC key",
            "CKV_BIAAC_6",
            [CheckCategories.IAM],
            ["google_service_account_key", "google_storage_hmac_key"],
        )

    def scan_resource_conf(self, conf: Conf) -> CheckResult:  # noqa: ARG002  checkov's signature
        """Refuse the resource itself."""
        return CheckResult.FAILED


class NoDefaultAccount(BaseResourceCheck):
    """The default accounts are shared by everything in the project."""

    def __init__(self) -> None:
        super().__init__(
            "Every workload runs as a service account of its own, never as a default one",
            "CKV_BIAAC_7",
            [CheckCategories.IAM],
            [
                "google_cloud_run_v2_service",
                "google_cloud_run_v2_job",
                "google_cloudfunctions2_function",
                "google_workflows_workflow",
                "google_eventarc_trigger",
                "google_cloudbuild_trigger",
            ],
        )

    def scan_resource_conf(self, conf: Conf) -> CheckResult:
        """Refuse no account, and Compute Engine's and App Engine's."""
        accounts = account_of(conf)
        bad = [one for one in accounts if not one or "-compute@developer" in one or "@appspot." in one]
        return CheckResult.PASSED if accounts and not bad else CheckResult.FAILED


def account_of(conf: Any) -> list[str]:
    """The accounts a workload runs as, wherever its type keeps them; a function's build account counts too."""
    if isinstance(conf, list):
        return [account for one in conf for account in account_of(one)]
    if not isinstance(conf, dict):
        return []
    found: list[str] = []
    for key, value in conf.items():
        if key in {"service_account", "service_account_email"}:
            found.append(str((value[0] if isinstance(value, list) else value) or ""))
        elif key in {"template", "service_config", "build_config"}:
            found += account_of(value)
    return found


checks = [
    NobodyPublic(),
    NobodyByPattern(),
    NoBasicRole(),
    NoTakeover(),
    NoAuthoritativeGrant(),
    NoKey(),
    NoDefaultAccount(),
]
