"""Who may do what, and as whom each workload runs."""

from collections import Counter

from tests.infrastructure import grants
from tests.infrastructure.deployment import ACCOUNT, PROJECT, Deployment, Values


def accounts(cloud: Deployment) -> dict[str, str]:
    """Workload -> the account it runs as."""
    emails = {
        f"service {name}": one["template"][0]["service_account"]
        for name, one in cloud.named("google_cloud_run_v2_service").items()
    }
    for name, one in cloud.named("google_cloud_run_v2_job").items():
        emails[f"job {name}"] = one["template"][0]["template"][0]["service_account"]
    for name, one in cloud.named("google_cloudfunctions2_function").items():
        emails[f"function {name}"] = one["service_config"][0]["service_account_email"]
        emails[f"build of {name}"] = one["build_config"][0]["service_account"]
    for name, one in cloud.named("google_workflows_workflow").items():
        emails[f"workflow {name}"] = one["service_account"]
    for name, one in cloud.named("google_eventarc_trigger").items():
        emails[f"trigger {name}"] = one["service_account"]
    for name, one in cloud.named("google_cloudbuild_trigger").items():
        emails[f"build {name}"] = one["service_account"]
    for name, one in cloud.named("google_cloud_scheduler_job").items():
        emails[f"schedule {name}"] = one["http_target"][0]["oidc_token"][0]["service_account_email"]
    return {workload: grants.account(email.rpartition("/")[2]) for workload, email in emails.items()}


def test_the_grants_are_those_of_the_table_and_no_other(cloud: Deployment) -> None:
    given, expected = Counter(grants.given(cloud)), Counter(grants.expected(cloud))
    too_many = sorted(map(str, (given - expected).elements()))
    too_few = sorted(map(str, (expected - given).elements()))
    assert (too_many, too_few) == ([], []), "granted and not in grants.txt, or the other way"


def test_every_workload_runs_as_an_account_of_its_own(cloud: Deployment) -> None:
    functions = ("bronze-finalized", "promote", "sweep", "sync", "warm-cache")
    jobs = ["ingest-grocery", "ingest-web-shop"] if cloud.airbyte == "job" else []
    expected = {
        "service cache": "cache",
        "service superset": "superset",
        "job transform": "transform",
        # one program, three commands
        "job superset-apply": "superset-jobs",
        "job superset-bootstrap": "superset-jobs",
        "job superset-refresh": "superset-jobs",
        "workflow refresh": "workflow",
        "trigger bronze-finalized": "eventarc",
        **{f"schedule {name}": "scheduler" for name in ("sweep", "sync-grocery", "sync-web_shop")},
        **{f"function {name}": name for name in functions},
        **{f"build of {name}": "functions-build" for name in functions},
        **{f"job {name}": name for name in jobs},
    }
    if cloud.airbyte == "job":
        expected["service ingestion"] = "ingestion"
    if "repository" in cloud.variables:
        expected |= {"build biaac-main": "build", "build biaac-pull-request": "build-check"}
    assert accounts(cloud) == expected


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
    assert kinds_without_location(cloud) == set()


def kinds_without_location(cloud: Deployment) -> set[str]:
    """Regional types of which one says no location."""
    regional = ("google_storage_bucket", "google_cloud_run_v2_", "google_cloudfunctions2_", "google_workflows_")

    def placed(values: Values) -> bool:
        return bool(values.get("location") or values.get("region"))

    return {
        one.kind
        for one in cloud.resources
        if one.kind.startswith(regional) and "_iam_" not in one.kind and not one.kind.endswith("_object")
        if not placed(one.values)
    }
