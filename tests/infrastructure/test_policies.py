"""The policies pass over every plan, and each fails over what it is there to stop."""

import copy
import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from biaac.settings import ROOT
from tests.infrastructure.deployment import Deployment, Values
from tests.infrastructure.terraform import environment

OURS = "CKV_BIAAC_"
Verdict = tuple[dict[str, list[str]], dict[str, list[str]]]  # what passed and what failed: check -> resources
Deployments = Callable[[str], Deployment]

CHECKED = ("team",)  # everything that can be turned on; the others are less of it, or differ by an account

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


def put(*path: Any) -> Callable[[Values], None]:
    """A change: the value at the end of a path."""

    def change(values: Values) -> None:
        place: Any = values
        for step in path[:-2]:
            place = place[step]
        if path:  # else the resource itself is wrong
            place[path[-2]] = path[-1]

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
    ("a role taken from everybody else", "5", ("google_project_iam_binding", {"role": "roles/run.viewer"}), put()),
    ("a key of an account", "6", ("google_service_account_key", {"service_account_id": "x"}), put()),
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
def verdicts(deployments: Deployments, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """Checkov's verdict on the variants, and on a plan of all that is wrong."""
    resources: list[Values] = []
    for number, (_, _, what, change) in enumerate(CASES):
        kind, values = (
            what if isinstance(what, tuple) else (what, copy.deepcopy(deployments("small").all(what)[0].values))
        )
        change(values)
        address = {"address": f"{kind}.case_{number}", "type": kind, "name": f"case_{number}"}
        resources.append({**address, "mode": "managed", "values": values})
    wrong = {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": resources}},
        "resource_changes": [
            {**one, "change": {"actions": ["create"], "before": None, "after": one["values"]}} for one in resources
        ],
        "configuration": {"root_module": {}},
    }
    plans = {"wrong": wrong, **{name: deployments(name).plan for name in CHECKED}}
    return check(plans, tmp_path_factory.mktemp("plans"))


def check(plans: dict[str, Values], folder: Path) -> dict[str, Verdict]:
    """The verdict on each plan by name. One process for all: it takes seconds to start.

    Checkov reads the plan, not the files, since dynamic blocks show there only; from the files it takes the comments
    that skip a check for a reason.
    """
    command: list[str | Path] = [
        environment("checkov") / "bin/checkov",
        "--framework",
        "terraform_plan",
        "--skip-download",
    ]
    command += ["--external-checks-dir", ROOT / "terraform/policies", "--output", "json"]
    command += ["--repo-root-for-plan-enrichment", ROOT / "terraform"]
    for name, plan in plans.items():
        (folder / f"{name}.json").write_text(json.dumps(plan))
        command += ["--file", folder / f"{name}.json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.stdout[:1] in {"[", "{"}, f"checkov did not answer: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    answer = json.loads(done.stdout)
    verdicts: dict[str, Verdict] = {name: (defaultdict(list), defaultdict(list)) for name in plans}
    for report in answer if isinstance(answer, list) else [answer]:
        assert not report["summary"]["parsing_errors"], report["results"].get("parsing_errors")
        for place, kind in enumerate(("passed", "failed")):
            for one in report["results"][f"{kind}_checks"]:
                verdicts[Path(one["repo_file_path"]).stem][place][one["check_id"]].append(one["resource"])
    return verdicts


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_it_stops(case: Case, verdicts: dict[str, Verdict]) -> None:
    kind = case[2] if isinstance(case[2], str) else case[2][0]
    assert f"{kind}.case_{CASES.index(case)}" in verdicts["wrong"][1][f"{OURS}{case[1]}"]


@pytest.mark.parametrize("name", CHECKED)
def test_nothing_fails_in_the_plan(name: str, verdicts: dict[str, Verdict]) -> None:
    assert verdicts[name][1] == {}


def test_every_policy_is_proved_by_a_case_and_looks_at_something(verdicts: dict[str, Verdict]) -> None:
    text = (ROOT / "terraform/policies/policies.py").read_text()
    written = {f"{OURS}{number}" for number in re.findall(r"Policy\(\s*(?:#.*\s*)?(\d+),", text)}
    looked = {check for name in CHECKED for check in verdicts[name][0] if check.startswith(OURS)}
    # what must not exist is looked at in the cases alone
    assert looked | {f"{OURS}5", f"{OURS}6"} == {f"{OURS}{case[1]}" for case in CASES} == written
