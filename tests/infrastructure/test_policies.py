"""The policies pass over every plan, and each fails over what it is there to stop."""

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest

from biaac.settings import ROOT
from tests.infrastructure import policies
from tests.infrastructure.deployment import Deployment, Values
from tests.infrastructure.policies import Verdict

Deployments = Callable[[str], Deployment]

CHECKED = ("team", "airbyte_cloud")  # small is less of team, the fourth differs by an address

SERVICE = "google_cloud_run_v2_service"
JOB = "google_cloud_run_v2_job"
FUNCTION = "google_cloudfunctions2_function"
BUCKET = "google_storage_bucket"
PROJECT_GRANT = "google_project_iam_member"
SERVICE_GRANT = "google_cloud_run_v2_service_iam_member"
COMPUTE = "123456789012-compute@developer.gserviceaccount.com"
DATABASE = "google_sql_database_instance"
OFFICE = {"name": "office", "value": "203.0.113.0/24"}
PASSWORD_URL = "postgresql://superset:hunter2@/superset"


def as_it_is(_values: Values) -> None:
    """No change: the resource itself is wrong."""


def put(*path: Any) -> Callable[[Values], None]:
    """A change: the value at the end of a path."""
    *way, last, value = path

    def change(values: Values) -> None:
        place: Any = values
        for step in way:
            place = place[step]
        place[last] = value

    return change


# (what is wrong, the policy that says so, the type whose first resource is changed, or a whole one, the change)
Case = tuple[str, str, str | tuple[str, Values], Callable[[Values], None]]
CASES: list[Case] = [
    ("everybody may call a service", "1", SERVICE_GRANT, put("member", "allUsers")),
    ("a pool of workloads", "2", PROJECT_GRANT, put("member", "principalSet://iam.googleapis.com/projects/1/x/*")),
    ("a group of Google's own", "2", PROJECT_GRANT, put("member", "group:cloud-storage-analytics@google.com")),
    ("editor", "3", PROJECT_GRANT, put("role", "roles/editor")),
    ("acting as every account", "4", PROJECT_GRANT, put("role", "roles/iam.serviceAccountUser")),
    ("administering every account", "4", PROJECT_GRANT, put("role", "roles/iam.serviceAccountAdmin")),
    ("a role taken from everybody else", "5", ("google_project_iam_binding", {"role": "roles/run.viewer"}), as_it_is),
    ("a key of an account", "6", ("google_service_account_key", {"service_account_id": "x"}), as_it_is),
    ("a job as the default account", "7", JOB, put("template", 0, "template", 0, "service_account", COMPUTE)),
    ("no check of who calls", "21", SERVICE, put("invoker_iam_disabled", True)),
    ("an open function", "22", FUNCTION, put("service_config", 0, "ingress_settings", "ALLOW_ALL")),
    (
        "a database without the connector",
        "23",
        DATABASE,
        put("settings", 0, "ip_configuration", 0, "ssl_mode", "ENCRYPTED_ONLY"),
    ),
    ("a network let in", "23", DATABASE, put("settings", 0, "ip_configuration", 0, "authorized_networks", [OFFICE])),
    ("access lists on objects", "40", BUCKET, put("uniform_bucket_level_access", False)),
    ("public access left to what is above", "41", BUCKET, put("public_access_prevention", "inherited")),
    ("no versions", "42", BUCKET, put("versioning", 0, "enabled", False)),
    ("no soft delete", "43", BUCKET, put("soft_delete_policy", 0, "retention_duration_seconds", 0)),
    ("versions for ever", "44", BUCKET, put("lifecycle_rule", [])),
    ("a password in the state", "45", "google_sql_user", put("password", "hunter2")),
    ("every secret of the project", "46", PROJECT_GRANT, put("role", "roles/secretmanager.secretAccessor")),
    ("a secret as a plain variable", "47", SERVICE, put("template", 0, "containers", 0, "env", 0, "name", "API_TOKEN")),
    ("a password in an address", "47", SERVICE, put("template", 0, "containers", 0, "env", 0, "value", PASSWORD_URL)),
    ("an image by tag", "48", SERVICE, put("template", 0, "containers", 0, "image", "busybox:latest")),
    ("a bucket without labels", "49", BUCKET, put("effective_labels", {})),
]


@pytest.fixture(scope="module")
def spoilt(deployments: Deployments, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """Checkov's verdict on each case, each a plan of one resource."""
    cloud = deployments("small")
    plans: dict[str, Values] = {}
    for number, (_, _, what, change) in enumerate(CASES):
        if isinstance(what, str):
            # the first with a plain variable: superset and jobs begin with one, too
            kind, values = what, copy.deepcopy(cloud.all(what)[0].values)
        else:
            kind, values = what[0], dict(what[1])
        change(values)
        plans[f"case_{number}"] = policies.plan_of(kind, values)
    return policies.check(plans, tmp_path_factory.mktemp("cases"), ours_only=True)


@pytest.fixture(scope="module")
def verdicts(deployments: Deployments, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """Checkov's verdict on every variant, with its own checks, too."""
    plans = {name: deployments(name).plan for name in CHECKED}
    return policies.check(plans, tmp_path_factory.mktemp("plans"))


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_it_stops(case: Case, spoilt: dict[str, Verdict]) -> None:
    failed = spoilt[f"case_{CASES.index(case)}"].failed
    assert f"{policies.OURS}{case[1]}" in failed


@pytest.mark.parametrize("name", CHECKED)
def test_nothing_fails_in_the_plan(name: str, verdicts: dict[str, Verdict]) -> None:
    assert verdicts[name].failed == {}


def test_every_policy_is_proved_by_a_case_and_looks_at_something(verdicts: dict[str, Verdict]) -> None:
    stopped = {f"{policies.OURS}{case[1]}" for case in CASES}
    looked = {check for verdict in verdicts.values() for check in verdict.passed if check.startswith(policies.OURS)}
    # what must not exist is looked at in the cases alone
    assert looked | {f"{policies.OURS}5", f"{policies.OURS}6"} == stopped
    assert stopped == written()


def written() -> set[str]:
    """The ids of the policies there are."""
    numbers = re.findall(r"^ +(?:Policy\()?(\d+),", (ROOT / "terraform/policies/policies.py").read_text(), re.MULTILINE)
    numbers += re.findall(r"Policy\((\d+), ", (ROOT / "terraform/policies/policies.py").read_text())
    return {f"{policies.OURS}{number}" for number in numbers}
