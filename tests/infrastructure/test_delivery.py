"""What turns a merge into a deployment, and whom trouble reaches."""

from biaac.settings import ROOT
from tests.infrastructure import variants
from tests.infrastructure.deployment import PROJECT, REGION, Deployment

DEPLOYS = {"biaac-main": "true", "biaac-pull-request": "false"}


def test_a_merge_deploys_and_a_proposal_is_planned(cloud: Deployment) -> None:
    triggers = cloud.named("google_cloudbuild_trigger")
    assert set(triggers) == (set(DEPLOYS) if "repository" in cloud.variables else set())
    for name, one in triggers.items():
        assert (one["filename"], one["location"], bool(one["disabled"])) == ("cloudbuild.yaml", REGION, False)
        assert one["substitutions"] == {
            "_DEPLOY": DEPLOYS[name],
            "_ENVIRONMENT": "prod",
            "_REGION": REGION,
            "_REPOSITORY": f"{REGION}-docker.pkg.dev/{PROJECT}/images",
            "_STATE_BUCKET": f"{PROJECT}-state",
        }


def test_main_is_built_on_a_push_to_it_and_a_strangers_proposal_waits(cloud: Deployment) -> None:
    triggers = cloud.named("google_cloudbuild_trigger")
    if triggers:
        (main,) = triggers["biaac-main"]["repository_event_config"]
        (proposal,) = triggers["biaac-pull-request"]["repository_event_config"]
        assert ([one["branch"] for one in main["push"]], main["pull_request"]) == (["^main$"], [])
        assert ([one["branch"] for one in proposal["pull_request"]], proposal["push"]) == (["^main$"], [])
        waits = "COMMENTS_ENABLED_FOR_EXTERNAL_CONTRIBUTORS_ONLY"
        assert proposal["pull_request"][0]["comment_control"] == waits


def test_the_builds_are_those_of_the_companys_repository(cloud: Deployment) -> None:
    found = [one.values for one in cloud.all("google_cloudbuildv2_repository")]
    assert [one["remote_uri"] for one in found] == [
        f"https://github.com/{variants.REPOSITORY['name']}.git" for _ in range("repository" in cloud.variables)
    ]
    for one in found:
        assert one["parent_connection"] == variants.REPOSITORY["connection"]


def test_every_alert_reaches_every_operator_and_links_to_its_page(cloud: Deployment) -> None:
    channels = cloud.all("google_monitoring_notification_channel")
    assert sorted(one.values["labels"]["email_address"] for one in channels) == sorted(cloud.variables["operators"])
    alerts = cloud.all("google_monitoring_alert_policy")
    assert alerts
    for one in alerts:
        assert len(one.values["notification_channels"]) == len(channels), one.address
        assert one.values["enabled"] is not False, one.address
        pages = [
            page for page in (ROOT / "docs/runbooks").glob("*.md") if page.name in str(one.values["documentation"])
        ]
        assert pages, f"{one.address} links to no page of docs/runbooks: {one.values['documentation']}"


def test_a_budget_stands_where_there_is_a_billing_account(cloud: Deployment) -> None:
    budgets = [one.values for one in cloud.all("google_billing_budget")]
    assert len(budgets) == ("billing_account" in cloud.variables)
    for one in budgets:
        assert one["budget_filter"][0]["projects"] == ["projects/123456789012"], "this project's cost alone"
        assert max(rule["threshold_percent"] for rule in one["threshold_rules"]) >= 1
