"""A variable that cannot be right is refused before anything is planned, by a message that helps."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.infrastructure.terraform import Workspace

Values = Callable[[str], dict[str, Any]]

# (variable, what is given, what the message says)
CASES: list[tuple[str, Any, tuple[str, ...]]] = [
    ("project_id", "Acme Analytics", ('found "Acme Analytics"', '"acme-analytics"')),
    ("project_id", "123456789012", ('found "123456789012"', "the id, not the name or number")),
    ("region", "europe-west1-b", ('found "europe-west1-b"', '"europe-west1"')),
    ("region", "EU", ('found "EU"', '"europe-west1"')),
    ("domain", "@acme.com", ('found "@acme.com"', '"example.com"')),
    ("domain", "acme", ('found "acme"', '"example.com"')),
    ("viewers", ["allUsers"], ("allUsers", "never right")),
    ("viewers", ["allAuthenticatedUsers"], ("allAuthenticatedUsers", "never right")),
    ("viewers", ["user:*@acme.com"], ("user:*@acme.com", "never right")),
    ("viewers", ["user:somebody@gmail.com"], ("somebody@gmail.com", "members of acme.com only")),
    ("viewers", ["owner@acme.com"], ("found owner@acme.com", "group:sales@acme.com")),
    ("operators", [], ("at least one e-mail address",)),
    ("operators", ["the on-call person"], ("the on-call person", "data@example.com")),
    ("network_cidr", "10.10.0.0", ('found "10.10.0.0"', '"10.10.0.0/24"')),
    ("network_cidr", "10.10.0.1/24", ('found "10.10.0.1/24"', "without host bits")),
    ("network_cidr", "8.8.8.0/24", ('found "8.8.8.0/24"', "private")),
    ("sweep_schedule", "hourly", ('found "hourly"', '"*/15 * * * *"')),
    ("sweep_schedule", "61 * * * *", ('found "61 * * * *"', "five cron fields")),
    ("sweep_schedule", "* * * *", ('found "* * * *"', "five cron fields")),
    ("profile", "large", ('found "large"', "small or team")),
    ("airbyte", "fivetran", ('found "fivetran"', "job, cloud or self_managed")),
    ("airbyte_url", "https://airbyte.acme.com/v1", ("airbyte_url", "self_managed")),
    ("environment", "Prod!", ('found "Prod!"', '"prod"')),
    ("images", {"cache": "europe-west1-docker.pkg.dev/acme/images/cache:latest"}, ("cache:latest", "@sha256:")),
    ("images", {"superset": "superset@sha256:abc"}, ("superset@sha256:abc", "64 hex digits")),
    ("connections", {"Web Shop": {}}, ("found Web Shop", "web_shop")),
    ("connections", {"shop": {"image": "shop:1"}}, ("shop:1", "by digest")),
    ("connections", {"shop": {"secrets": ["shop-password"]}}, ("shop-password", "SHOP_PASSWORD")),
    ("billing_account", "mine", ('found "mine"', "012345-6789AB-CDEF01")),
    ("kms_key", "projects/acme/locations/us/keyRings/a/cryptoKeys/b", ("locations/us/", "europe-west1")),
    ("repository", {"name": "analytics", "connection": "github"}, ("analytics", "acme/analytics")),
    ("labels", {"Cost Center": "Sales"}, ("Cost Center", "cost_center")),
    ("functions_source", "nowhere.zip", ("nowhere.zip", "bin/functions-source")),
    ("revision", "two words", ('found "two words"', "git revision")),
]
# What the rule of a variable reads of others: both wrong at once would show the second only in part.
READS = {"viewers": "domain", "kms_key": "region", "repository": "region", "airbyte_url": "airbyte"}
NEEDED = ("project_id", "region", "domain", "operators", "viewers")  # they have no default


def rounds() -> list[list[int]]:
    """The numbers of the cases, in groups that can be given to one plan: each is about another variable."""
    groups: list[list[int]] = []
    for number, (name, _, _) in enumerate(CASES):
        for group in groups:
            taken = {CASES[other][0] for other in group}
            clash = {name, READS.get(name, ""), *(by for by, read in READS.items() if read == name)}
            if not clash & taken:
                group.append(number)
                break
        else:
            groups.append([number])
    return groups


def complaints(workspace: Workspace, variables: dict[str, Any]) -> dict[str, str]:
    """What terraform says of each variable, instead of a plan."""
    done = workspace.attempt(variables, "-json")
    assert done.returncode == 1, "it was planned"
    found: dict[str, str] = {}
    for line in done.stdout.splitlines():
        diagnostic = json.loads(line).get("diagnostic")
        if diagnostic:
            context = (diagnostic.get("snippet") or {}).get("context") or ""
            name = context.removeprefix('variable "').removesuffix('"')
            found[name] = found.get(name, "") + " ".join(diagnostic["detail"].split())
    return found


@pytest.fixture(scope="module")
def refusals(workspace: Workspace, values: Values) -> dict[int, str]:
    """What is said of each case by its number."""
    found: dict[int, str] = {}
    for group in rounds():
        said = complaints(workspace, {**values("small"), **{CASES[one][0]: CASES[one][1] for one in group}})
        found |= {one: said.get(CASES[one][0], f"nothing, but {said}") for one in group}
    return found


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{name} = {given!r}" for name, given, _ in CASES])
def test_it_is_refused(number: int, refusals: dict[int, str]) -> None:
    for part in CASES[number][2]:
        assert part in refusals[number]


def test_what_is_needed_and_missing_is_named(workspace: Workspace, values: Values) -> None:
    variables = {key: value for key, value in values("small").items() if key not in NEEDED}
    said = " ".join(complaints(workspace, variables).values())
    for name in NEEDED:
        assert f'The root module input variable "{name}" is not set' in said
