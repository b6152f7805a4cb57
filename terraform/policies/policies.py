"""Policies of our own for checkov, over the plan: what its built-in checks do not know of the services used here.

    checkov --framework terraform_plan --file plan.json --external-checks-dir terraform/policies \
        --repo-root-for-plan-enrichment terraform

Each is a number, what it demands, and a function that says whether a resource fails it; why stands beside it.
tests/infrastructure/test_policies.py proves each by a plan that it stops.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

Conf = dict[str, list[Any]]

GRANTS = ["google_*_iam_member", "google_*_iam_binding"]
PROJECT_GRANTS = ["google_project_iam_member"]
RUNS = ["google_cloud_run_v2_service", "google_cloud_run_v2_job"]
FUNCTIONS = ["google_cloudfunctions2_function"]
BUCKETS = ["google_storage_bucket"]
LABELLED = [
    *RUNS,
    *FUNCTIONS,
    *BUCKETS,
    "google_artifact_registry_repository",
    "google_secret_manager_secret",
    "google_workflows_workflow",
]
LABELS = {"app", "environment", "managed_by"}
SECRET_NAME = re.compile(r"PASSWORD|SECRET|TOKEN|PRIVATE_KEY|API_KEY|CREDENTIALS")
URL_WITH_PASSWORD = re.compile(r"://[^/@:]+:[^/@]+@")
SOFT_DELETE_S = 7 * 24 * 3600

EVERYBODY = {"allUsers", "allAuthenticatedUsers"}
OPEN_SETS = ("principalSet:", "projectOwner:", "projectEditor:", "projectViewer:")
# Groups of Google's own are no members of a company's organisation: its policy refuses them.
OF_GOOGLE = re.compile(r"^(group|user):[^@]+@google\.com$")
BASIC_ROLES = {"roles/owner", "roles/editor", "roles/viewer"}
# Each lets its holder act as any account, or hand itself any right.
TAKES_OVER = {
    "roles/cloudbuild.builds.editor",
    "roles/iam.securityAdmin",
    "roles/iam.serviceAccountAdmin",
    "roles/iam.serviceAccountKeyAdmin",
    "roles/iam.serviceAccountTokenCreator",
    "roles/iam.serviceAccountUser",
    "roles/iam.workloadIdentityUser",
    "roles/resourcemanager.projectIamAdmin",
}


class Policy(BaseResourceCheck):
    """One demand on some types of resources."""

    def __init__(self, number: int, demand: str, kinds: list[str], fails: Callable[[Conf], bool]) -> None:
        super().__init__(demand, f"CKV_BIAAC_{number}", [CheckCategories.GENERAL_SECURITY], kinds)
        self.fails = fails

    def scan_resource_conf(self, conf: Conf) -> CheckResult:
        """Whether the resource is as demanded."""
        return CheckResult.FAILED if self.fails(conf) else CheckResult.PASSED


def flat(value: Any) -> list[Any]:
    """A value out of the lists that checkov wraps around it."""
    return [inner for one in value for inner in flat(one)] if isinstance(value, list) else [value]


def at(conf: Any, *path: str) -> list[Any]:
    """What stands at a path, at every repetition of its blocks."""
    if not path:
        return flat(conf)
    return [
        found for one in flat(conf) if isinstance(one, dict) and path[0] in one for found in at(one[path[0]], *path[1:])
    ]


def anywhere(conf: Any, *names: str) -> Iterator[Any]:
    """Every value under one of these names, however deep."""
    for one in flat(conf):
        for name, value in one.items() if isinstance(one, dict) else ():
            yield from flat(value) if name in names else anywhere(value, *names)


def members(conf: Conf) -> list[str]:
    """The principals of a grant, whichever way it names them."""
    return [str(one) for one in at(conf, "member") + at(conf, "members")]


def role(conf: Conf) -> str:
    """The role of a grant."""
    return str(conf["role"][0])


def by_default_account(conf: Conf) -> bool:
    """Whether no account is named, or one that everything in the project shares."""
    accounts = [str(one or "") for one in anywhere(conf, "service_account", "service_account_email")]
    return not accounts or any(not one or "-compute@developer" in one or "@appspot." in one for one in accounts)


def plain_secret(conf: Conf) -> bool:
    """Whether a variable of a secret's name, or an address with a password, is given as a plain value."""
    given = [(str(one.get("name")), flat(one.get("value"))) for one in anywhere(conf, "env") if isinstance(one, dict)]
    for variables in anywhere(conf, "environment_variables"):
        given += [(name, flat(value)) for name, value in (variables or {}).items()]
    return any(
        any(values) and (SECRET_NAME.search(name) or any(URL_WITH_PASSWORD.search(str(value)) for value in values))
        for name, values in given
    )


def image_by_tag(conf: Conf) -> bool:
    """Whether a container's image is no digest: a tag can be moved, a digest is what was tested."""
    images = [str(one) for one in anywhere(conf, "image")]
    return not images or not all(re.search(r"@sha256:[0-9a-f]{64}$", image) for image in images)


def lets_a_network_in(conf: Conf) -> bool:
    """Whether the database is open to addresses, or to whoever brings no certificate of the connector's."""
    ip = at(conf, "settings", "ip_configuration")
    required = at(ip, "ssl_mode") == ["TRUSTED_CLIENT_CERTIFICATE_REQUIRED"]
    return not required or any(at(ip, "authorized_networks"))


def soft_deletes(conf: Conf) -> int:
    """Seconds for which a bucket keeps what was deleted."""
    return int((at(conf, "soft_delete_policy", "retention_duration_seconds") or [0])[0] or 0)


checks = [
    Policy(
        1, "No grant to allUsers or allAuthenticatedUsers", GRANTS, lambda conf: bool(EVERYBODY & set(members(conf)))
    ),
    Policy(
        2,
        "Each grant names one principal of the company's: no wildcard, no open set, no group of Google's",
        GRANTS,
        lambda conf: any("*" in one or one.startswith(OPEN_SETS) or OF_GOOGLE.match(one) for one in members(conf)),
    ),
    Policy(3, "No basic role (owner, editor, viewer)", GRANTS, lambda conf: role(conf) in BASIC_ROLES),
    Policy(  # such roles belong on the one resource that needs them
        4,
        "No role on the project with which a workload could become another, but within a condition",
        PROJECT_GRANTS,
        lambda conf: role(conf) in TAKES_OVER and not any(flat(conf.get("condition", []))),
    ),
    Policy(  # either takes a role from everyone it does not list, Google's own agents included
        5,
        "Grants are added one by one: no *_iam_policy, no *_iam_binding",
        ["google_*_iam_policy", "google_*_iam_binding"],
        lambda _conf: True,
    ),
    Policy(  # a password in the state, valid everywhere and for years
        6,
        "No key of a service account and no HMAC key",
        ["google_service_account_key", "google_storage_hmac_key"],
        lambda _conf: True,
    ),
    Policy(
        7,
        "Every workload runs as a service account of its own, never as a default one",
        [*RUNS, *FUNCTIONS, "google_workflows_workflow", "google_eventarc_trigger", "google_cloudbuild_trigger"],
        by_default_account,
    ),
    Policy(  # its address is open: the check of who calls is the wall
        21,
        "A Cloud Run service lets only invokers in",
        ["google_cloud_run_v2_service"],
        lambda conf: True in at(conf, "invoker_iam_disabled"),
    ),
    Policy(
        22,
        "A function takes internal traffic only",
        FUNCTIONS,
        lambda conf: at(conf, "service_config", "ingress_settings") != ["ALLOW_INTERNAL_ONLY"],
    ),
    Policy(23, "Only Cloud Run's connector reaches Cloud SQL", ["google_sql_database_instance"], lets_a_network_in),
    Policy(
        40, "A bucket has no access lists on objects", BUCKETS, lambda c: at(c, "uniform_bucket_level_access") != [True]
    ),
    Policy(  # here, so that no later grant can open it
        41,
        "A bucket enforces that it is not public",
        BUCKETS,
        lambda c: at(c, "public_access_prevention") != ["enforced"],
    ),
    Policy(42, "A bucket keeps versions", BUCKETS, lambda conf: at(conf, "versioning", "enabled") != [True]),
    Policy(43, "A bucket keeps what was deleted for a week", BUCKETS, lambda conf: soft_deletes(conf) < SOFT_DELETE_S),
    Policy(  # versions that nobody deletes are paid for forever
        44,
        "A bucket's old versions end by a lifecycle rule",
        BUCKETS,
        lambda conf: (
            not any(
                "Delete" in at(rule, "action", "type") and "ARCHIVED" in at(rule, "condition", "with_state")
                for rule in at(conf, "lifecycle_rule")
            )
        ),
    ),
    Policy(  # the state is a file that many may read
        45,
        "A secret's value is a write-only argument, and a user of the database has no password",
        ["google_secret_manager_secret_version", "google_sql_user"],
        lambda conf: any(at(conf, "secret_data") + at(conf, "password")),
    ),
    Policy(  # on the project, the role reads every secret there will ever be
        46,
        "Access to secrets is granted on the secret, not on the project",
        PROJECT_GRANTS,
        lambda conf: role(conf) == "roles/secretmanager.secretAccessor",
    ),
    Policy(  # a plain variable is in the state, in the console and in every revision
        47, "A variable that holds a secret takes it from Secret Manager", [*RUNS, *FUNCTIONS], plain_secret
    ),
    Policy(48, "An image is named by its digest", RUNS, image_by_tag),
    Policy(  # cost and cleaning up are by label
        49,
        f"What can bear labels bears {', '.join(sorted(LABELS))}",
        LABELLED,
        lambda conf: not set((at(conf, "effective_labels") or [{}])[0] or {}) >= LABELS,
    ),
]
