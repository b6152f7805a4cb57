"""Who may do what, and as whom each workload runs."""

from collections import Counter

from tests.infrastructure import grants
from tests.infrastructure.deployment import ACCOUNT, PROJECT, Deployment

# Type -> what it is called here, and where it says whom it runs as.
RUNS_AS = {
    "google_cloud_run_v2_service": ("service", lambda one: one["template"][0]["service_account"]),
    "google_cloud_run_v2_job": ("job", lambda one: one["template"][0]["template"][0]["service_account"]),
    "google_cloudfunctions2_function": ("function", lambda one: one["service_config"][0]["service_account_email"]),
    "google_workflows_workflow": ("workflow", lambda one: one["service_account"]),
    "google_eventarc_trigger": ("trigger", lambda one: one["service_account"]),
    "google_cloudbuild_trigger": ("build", lambda one: one["service_account"]),
    "google_cloud_scheduler_job": (
        "schedule",
        lambda one: one["http_target"][0]["oidc_token"][0]["service_account_email"],
    ),
}


def accounts(cloud: Deployment) -> dict[str, str]:
    emails = {
        f"{called} {name}": read(one)
        for kind, (called, read) in RUNS_AS.items()
        for name, one in cloud.named(kind).items()
    }
    for name, one in cloud.named("google_cloudfunctions2_function").items():
        emails[f"build of {name}"] = one["build_config"][0]["service_account"]
    return {workload: grants.account(email.rpartition("/")[2]) for workload, email in emails.items()}


def test_the_grants_are_those_of_the_table_and_no_other(cloud: Deployment) -> None:
    given, expected = Counter(grants.given(cloud)), Counter(grants.expected(cloud))
    too_many = sorted(map(str, (given - expected).elements()))
    too_few = sorted(map(str, (expected - given).elements()))
    assert (too_many, too_few) == ([], []), "granted and not in grants.txt, or the other way"


# Those whose account does not bear their own name.
SHARED = {
    **dict.fromkeys(("superset-apply", "superset-bootstrap", "superset-refresh"), "superset-jobs"),  # one program
    **dict.fromkeys(("sweep", "sync-grocery", "sync-web_shop"), "scheduler"),
    "refresh": "workflow",
    "bronze-finalized": "eventarc",  # the trigger
    "biaac-main": "build",
    **dict.fromkeys(("biaac-pull-request", "biaac-engine"), "build-check"),
}


def test_every_workload_runs_as_an_account_of_its_own(cloud: Deployment) -> None:
    for workload, account in accounts(cloud).items():
        kind, _, name = workload.rpartition(" ")
        own = kind in {"service", "function"} or name not in SHARED
        assert account == ("functions-build" if kind == "build of" else name if own else SHARED[name]), workload


def test_there_are_no_other_accounts_and_none_is_disabled(cloud: Deployment) -> None:
    used = {*accounts(cloud).values(), "build", "build-check"}
    if cloud.airbyte != "job":
        used.add("airbyte")
    assert {f"biaac-{name}" for name in used} == set(cloud.named("google_service_account"))
    assert not [one for one in cloud.all("google_service_account") if one.values.get("disabled")]


def test_only_the_build_of_main_may_deploy_as_another_account(cloud: Deployment) -> None:
    deployed = {*accounts(cloud).values(), "build", "build-check"} - {"airbyte"}
    assert sorted(grants.acting(cloud)) == sorted(("build", "iam.serviceAccountUser", name) for name in deployed)


def test_the_build_may_hand_out_the_projects_roles_of_workloads_and_no_others(cloud: Deployment) -> None:
    builders = {f"serviceAccount:biaac-{name}{ACCOUNT}" for name in ("build", "build-check")}
    granted = {
        one.values["role"] for one in cloud.all("google_project_iam_member") if one.values["member"] not in builders
    }
    (admin,) = (one for one in cloud.all("google_project_iam_member") if one.values["role"].endswith("projectIamAdmin"))
    expression: str = admin.values["condition"][0]["expression"]
    listed = ", ".join(f"'{role}'" for role in sorted(granted))
    assert expression == f"api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly([{listed}])"


def test_what_can_name_its_project_names_ours(cloud: Deployment) -> None:
    others = {one.address: one.values["project"] for one in cloud.resources if one.values.get("project")}
    assert set(others.values()) == {PROJECT}


def test_every_location_is_the_one_region(cloud: Deployment) -> None:
    region = cloud.variables["region"]
    emails = {
        f"{one.address} {key}": one.values[key]
        for one in cloud.resources
        for key in ("location", "region")
        if one.values.get(key)
    }
    assert {key: value for key, value in emails.items() if value.lower() != region} == {}
