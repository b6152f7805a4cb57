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


def test_a_trigger_tells_github_and_waits_for_approval_where_that_is_asked(cloud: Deployment) -> None:
    for name, one in cloud.named("google_cloudbuild_trigger").items():
        assert one["include_build_logs"] == "INCLUDE_BUILD_LOGS_WITH_STATUS", name
        (event,) = one["repository_event_config"]
        assert event["repository"] == "google_cloudbuildv2_repository/biaac/id", name
        # what is proposed is only planned: nobody approves it before
        waits = name == "biaac-main" and bool(cloud.variables.get("require_approval"))
        assert [each["approval_required"] for each in one["approval_config"]] == [waits], name
        # every push and every proposal, whatever it touches
        assert not [key for key in ("ignored_files", "included_files", "filter") if one[key]], name


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
        (amount,) = one["amount"][0]["specified_amount"]
        assert (one["billing_account"], amount["units"]) == (
            cloud.variables["billing_account"],
            str(cloud.variables.get("budget_amount", 50)),
        )
        assert amount["currency_code"] is None, "the billing account's own"
        rules = {(rule["threshold_percent"], rule["spend_basis"] or "CURRENT_SPEND") for rule in one["threshold_rules"]}
        # half of it, nearly all, all; and a month that would end above it
        assert rules == {(part, "CURRENT_SPEND") for part in (0.5, 0.9, 1.0)} | {(1.0, "FORECASTED_SPEND")}
        (mails,) = one["all_updates_rule"]
        channels = [channel.values["id"] for channel in cloud.all("google_monitoring_notification_channel")]
        assert mails["monitoring_notification_channels"] == channels
        assert mails["disable_default_iam_recipients"] is True, "the operators hear of it; no others are asked to"
    accounts = {one.values["billing_account_id"] for one in cloud.all("google_billing_account_iam_member")}
    assert accounts == {one["billing_account"] for one in budgets}
