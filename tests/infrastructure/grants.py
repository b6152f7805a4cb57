"""Who may do what: as a plan grants it, and as ``grants.txt`` says."""

import re
from pathlib import Path
from typing import NamedTuple

from tests.infrastructure.deployment import ACCOUNT, PROJECT, Deployment, Resource, Values

TABLE = Path(__file__).with_name("grants.txt")
LINE = re.compile(r"(\S+) +(\S+) +(\S+(?: \S+)*)(?: {2,}(\S.*))?")
AGENT = re.compile(r"serviceAccount:service-\d+@([a-z-]+)\.iam\.gserviceaccount\.com")

# Conditions by name, for what is not limited to prefixes of objects.
CONDITIONS = {
    "the instance": 'resource.service == "sqladmin.googleapis.com" && '
    f'resource.name == "projects/{PROJECT}/instances/biaac"',
    "sources of functions": 'resource.name.startsWith("projects/_/buckets/gcf-v2-sources-123456789012-")',
}


class Grant(NamedTuple):
    who: str
    role: str
    on: str
    condition: str = ""


def given(cloud: Deployment) -> list[Grant]:
    """Every grant of a plan but those on service accounts, which ``acting`` lists."""
    grants = [one for one in cloud.resources if "_iam_" in one.kind and one.kind != "google_project_iam_audit_config"]
    unknown = [one.kind for one in grants if not one.kind.endswith("_iam_member")]
    assert not unknown, f"grants that take away others' or are not looked at here: {unknown}"
    return [
        Grant(who(one.values["member"]), role(one.values), target(one), condition(one.values))
        for one in grants
        if one.kind != "google_service_account_iam_member"
    ]


def acting(cloud: Deployment) -> list[tuple[str, str, str]]:
    """(who, role, as whom) for every grant on a service account."""
    return [
        (who(one.values["member"]), role(one.values), account(one.values["service_account_id"].rpartition("/")[2]))
        for one in cloud.all("google_service_account_iam_member")
    ]


def who(member: str) -> str:
    if agent := AGENT.fullmatch(member):
        return f"google:{agent[1]}"
    if member.startswith("serviceAccount:") and member.endswith(ACCOUNT):
        return account(member.removeprefix("serviceAccount:"))
    return member


def account(email: str) -> str:
    assert email.startswith("biaac-"), f"{email} is no account of this stack"
    assert email.endswith(ACCOUNT), f"{email} is no account of this project"
    return email.removeprefix("biaac-").removesuffix(ACCOUNT)


def role(values: Values) -> str:
    return str(values["role"]).removeprefix("roles/")


# Type of a grant -> the kind of thing it is on, and the attribute that names it.
TARGETS = {
    "google_storage_bucket_iam_member": ("bucket", "bucket"),
    "google_cloud_run_v2_service_iam_member": ("service", "name"),
    "google_cloud_run_v2_job_iam_member": ("job", "name"),
    "google_secret_manager_secret_iam_member": ("secret", "secret_id"),
    "google_artifact_registry_repository_iam_member": ("repository", "repository"),
    "google_iap_web_cloud_run_service_iam_member": ("iap", "cloud_run_service_name"),
}
WHOLE = {
    "google_project_iam_member": "project",
    "google_billing_account_iam_member": "billing account",
}


def target(grant: Resource) -> str:
    """What a grant is on; its address where the table has no word for it."""
    values = grant.values
    if values.get("project") not in (None, PROJECT):
        return f"{grant.kind} of project {values['project']}"
    if grant.kind in WHOLE:
        return WHOLE[grant.kind]
    if grant.kind not in TARGETS:
        return grant.address
    kind, attribute = TARGETS[grant.kind]
    name = str(values[attribute]).removesuffix("/name").rpartition("/")[2]
    return f"{kind} {name.removeprefix(f'{PROJECT}-')}"


def condition(values: Values) -> str:
    """A grant's condition as the table calls it; the expression itself where the table has no name for it."""
    conditions = values.get("condition") or []
    if not conditions:
        return ""
    expression: str = conditions[0]["expression"]
    bucket = values.get("bucket", "")
    prefixes = sorted({*re.findall(r"/objects/([\w/-]+/)\"\)", expression)})
    if prefixes and expression == of_prefixes(bucket, prefixes):
        return " ".join(prefixes)
    if grantable := re.fullmatch(
        r"api\.getAttribute\('iam\.googleapis\.com/modifiedGrantsByRole', \[\]\)\.hasOnly\(\[(.*)\]\)", expression
    ):
        assert not set(re.findall(r"'roles/([\w.]+)'", grantable[1])) & {"owner", "editor", "viewer"}
        return "roles of workloads"
    return next((name for name, text in CONDITIONS.items() if text == expression), expression)


def of_prefixes(bucket: str, prefixes: list[str]) -> str:
    """The condition that limits a grant to objects under some prefixes, and to lists of them.

    A list names no object, so its prefix counts (cloud.google.com/iam/docs/conditions-attribute-reference).
    """
    return " || ".join(
        f'resource.name.startsWith("projects/_/buckets/{bucket}/objects/{prefix}") || '
        f'api.getAttribute("storage.googleapis.com/objectListPrefix", "").startsWith("{prefix}")'
        for prefix in prefixes
    )


def expected(cloud: Deployment) -> list[Grant]:
    variables = cloud.variables
    sections = {
        "always": True,
        "airbyte is ours": cloud.airbyte == "job",
        "airbyte is another's": cloud.airbyte != "job",
        "with a billing account": bool(variables.get("billing_account")),
    }
    grants: list[Grant] = []
    counts = False
    for line in TABLE.read_text().splitlines():
        if section := re.fullmatch(r"\[(.*)\]", line):
            counts = sections[section[1]]
        elif counts and line.strip() and not line.startswith("#"):
            columns = LINE.fullmatch(line)
            assert columns, f"{TABLE.name}: not a grant: {line}"
            grants.append(Grant(*(column or "" for column in columns.groups())))
    return grants
