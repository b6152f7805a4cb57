"""What is watched, from which value on somebody hears of it, and how often."""

import json
import re
from typing import Any

from tests.infrastructure.deployment import Deployment, Values

CACHE_ERROR = 'resource.type="cloud_run_revision" AND resource.labels.service_name="cache" AND severity>=ERROR'
CONNECTION = (
    'resource.type="cloud_run_revision" AND resource.labels.service_name="sweep"'
    ' AND jsonPayload.message="connection looked at"'
)
RUN = 'resource.type="cloud_run_job" AND resource.labels.job_name="transform" AND jsonPayload.message="run decided"'
BY_CONNECTION = {"connection": "EXTRACT(jsonPayload.connection)"}
# Alert on lines of the logs -> severity, filter, what of the line goes into the mail.
LOG_ALERTS: dict[str, tuple[str, str, dict[str, str]]] = {
    "cache-error": ("ERROR", CACHE_ERROR, {}),
    "data-stale": ("ERROR", f'{CONNECTION} AND jsonPayload.freshness="stale"', BY_CONNECTION),
    "release-rejected": (
        "ERROR",
        f'{RUN} AND jsonPayload.outcome="rejected"',
        {"run": "EXTRACT(jsonPayload.execution)"},
    ),
    # a failed sync leaves older data, which may still be young enough
    "sync-failed": ("WARNING", f'{CONNECTION} AND jsonPayload.newest_sync="failed"', BY_CONNECTION),
}


def policies(cloud: Deployment) -> dict[str, Values]:
    """Alert policies by the name that a person reads; the other is Google's."""
    return {one.values["display_name"]: one.values for one in cloud.all("google_monitoring_alert_policy")}


def condition(policy: Values, kind: str) -> Values:
    """A policy's only condition: each one is paid for."""
    (found,) = policy["conditions"]
    (body,) = found[kind]
    return dict(body)


def sweep_minutes(cloud: Deployment) -> int:
    """Minutes between two sweeps."""
    (minutes,) = re.findall(r"^\*/(\d+) ", cloud.variables.get("sweep_schedule", "*/15 * * * *"))
    return int(minutes)


def metric_alerts(cloud: Deployment) -> dict[str, tuple[Any, ...]]:
    """Alert on a metric -> severity, filter, window, aligner, reducer, groups, more than what, when it closes."""
    trigger = cloud.one("google_eventarc_trigger", "bronze-finalized")
    subscription = trigger["transport"][0]["pubsub"][0]["subscription"].rpartition("/")[2]
    longest_sync_s = max([3600, *(one.get("timeout_seconds", 3600) for one in cloud.connections.values())])
    return {
        "event-undelivered": (
            "WARNING",
            'metric.type="pubsub.googleapis.com/subscription/oldest_unacked_message_age"'
            f' AND resource.type="pubsub_subscription" AND resource.labels.subscription_id="{subscription}"',
            ("300s", "ALIGN_MAX", "REDUCE_MAX", []),
            longest_sync_s + 3600,  # an event that watches a sync stays undelivered until its end
            "1800s",
        ),
        "job-failed": (
            "WARNING",
            'metric.type="run.googleapis.com/job/completed_execution_count" AND resource.type="cloud_run_job"'
            ' AND resource.labels.job_name=one_of("transform", "superset-refresh") AND metric.labels.result="failed"',
            ("3600s", "ALIGN_DELTA", "REDUCE_SUM", ["resource.labels.job_name"]),
            2,  # one is a lost lock or a restart, which the workflow mends
            "3600s",
        ),
        "run-failed": (
            "ERROR",
            'metric.type="workflows.googleapis.com/finished_execution_count"'
            ' AND resource.type="workflows.googleapis.com/Workflow" AND resource.labels.workflow_id="refresh"'
            ' AND metric.labels.status="FAILED"',
            ("600s", "ALIGN_DELTA", "REDUCE_SUM", []),
            0,  # each one: its data is not on the dashboards
            "3600s",
        ),
        "superset-error": (
            "ERROR",
            'metric.type="run.googleapis.com/request_count" AND resource.type="cloud_run_revision"'
            ' AND resource.labels.service_name="superset" AND metric.labels.response_code_class="5xx"',
            ("600s", "ALIGN_DELTA", "REDUCE_SUM", []),
            4,  # one dashboard's charts fail together
            "1800s",
        ),
    }


def aggregation(body: Values) -> tuple[str, str, str, list[str]]:
    """How the values of a condition become one."""
    (one,) = body["aggregations"]
    return (
        one["alignment_period"],
        one["per_series_aligner"],
        one["cross_series_reducer"],
        one["group_by_fields"] or [],
    )


def test_the_alerts_are_these_and_each_has_one_condition(cloud: Deployment) -> None:
    found = policies(cloud)
    assert set(found) == {*LOG_ALERTS, *metric_alerts(cloud), "sweep-silent"}
    for name, one in found.items():
        assert [condition["display_name"] for condition in one["conditions"]] == [name]
        assert one["combiner"] == "OR", name


def test_an_alert_on_the_logs_reads_these_lines(cloud: Deployment) -> None:
    found = {}
    for name in LOG_ALERTS:
        policy = policies(cloud)[name]
        body = condition(policy, "condition_matched_log")
        found[name] = (policy["severity"], body["filter"], body["label_extractors"] or {})
    assert found == LOG_ALERTS


def test_an_alert_on_the_logs_mails_once_an_hour_and_closes_when_two_sweeps_are_silent(cloud: Deployment) -> None:
    closes = max(1800, 2 * 60 * sweep_minutes(cloud))  # Monitoring takes no less than half an hour
    for name in LOG_ALERTS:
        (strategy,) = policies(cloud)[name]["alert_strategy"]
        assert strategy["auto_close"] == f"{closes}s", name
        assert [limit["period"] for limit in strategy["notification_rate_limit"]] == ["3600s"], name


def test_an_alert_on_a_metric_has_these_bounds(cloud: Deployment) -> None:
    expected = metric_alerts(cloud)
    found = {}
    for name in expected:
        policy = policies(cloud)[name]
        body = condition(policy, "condition_threshold")
        assert (body["comparison"], body["duration"], body["trigger"]) == ("COMPARISON_GT", "0s", []), name
        (strategy,) = policy["alert_strategy"]
        closes = strategy["auto_close"]
        found[name] = (policy["severity"], body["filter"], aggregation(body), body["threshold_value"], closes)
    assert found == expected


def test_four_sweeps_that_do_not_end_well_are_told_of(cloud: Deployment) -> None:
    policy = policies(cloud)["sweep-silent"]
    body = condition(policy, "condition_absent")
    assert body["filter"] == (
        'metric.type="run.googleapis.com/request_count" AND resource.type="cloud_run_revision"'
        ' AND resource.labels.service_name="sweep" AND metric.labels.response_code_class="2xx"'
    )
    assert body["duration"] == f"{4 * 60 * sweep_minutes(cloud)}s"
    assert aggregation(body) == ("60s", "ALIGN_DELTA", "REDUCE_SUM", [])
    assert (policy["severity"], policy["alert_strategy"][0]["auto_close"]) == ("ERROR", "1800s")


def test_every_mail_says_what_is_wrong_and_links_to_what_to_do(cloud: Deployment) -> None:
    folder = cloud.variables.get("runbooks_url", "https://github.com/acme/analytics/blob/main/docs/runbooks")
    for name, policy in policies(cloud).items():
        (documentation,) = policy["documentation"]
        page = f"{folder}/{name}.md"
        summary, _, rest = documentation["content"].partition("\n\n")
        assert len(summary) > 40, name
        assert (rest, documentation["mime_type"]) == (f"What to do: {page}", "text/markdown"), name
        assert [link["url"] for link in documentation["links"]] == [page], name


def test_every_channel_is_an_operators_mail(cloud: Deployment) -> None:
    channels = [one.values for one in cloud.all("google_monitoring_notification_channel")]
    assert {one["type"] for one in channels} == {"email"}
    assert all(one["enabled"] is not False for one in channels)


# Metric made of lines -> filter, (kind, type of value, unit), what is counted, its labels.
LOG_METRICS: dict[str, tuple[Any, ...]] = {
    "biaac/cache_error": (CACHE_ERROR, ("DELTA", "INT64", None), None, {}),
    "biaac/data_age": (CONNECTION, ("DELTA", "DISTRIBUTION", "s"), "EXTRACT(jsonPayload.age_s)", BY_CONNECTION),
    "biaac/run": (RUN, ("DELTA", "INT64", None), None, {"outcome": "EXTRACT(jsonPayload.outcome)"}),
}


def test_the_logs_become_these_metrics(cloud: Deployment) -> None:
    found = {}
    for name, one in cloud.named("google_logging_metric").items():
        (descriptor,) = one["metric_descriptor"]
        kind = (descriptor["metric_kind"], descriptor["value_type"], descriptor["unit"])
        extracted = one["label_extractors"] or {}
        assert {label["key"]: label["value_type"] for label in descriptor["labels"]} == dict.fromkeys(
            extracted, "STRING"
        )
        found[name] = (one["filter"], kind, one["value_extractor"], extracted)
    assert found == LOG_METRICS


def test_ages_from_a_minute_to_a_month_are_told_apart(cloud: Deployment) -> None:
    (buckets,) = cloud.one("google_logging_metric", "biaac/data_age")["bucket_options"]
    (steps,) = buckets["exponential_buckets"]
    assert (steps["scale"], steps["growth_factor"], steps["num_finite_buckets"]) == (60, 1.3, 40)
    assert not buckets["linear_buckets"]
    assert not buckets["explicit_buckets"]


def test_the_dashboard_shows_our_metrics_and_what_is_deployed(cloud: Deployment) -> None:
    (one,) = cloud.all("google_monitoring_dashboard")
    text = one.values["dashboard_json"]
    tiles = json.loads(text)["mosaicLayout"]["tiles"]
    sets = [each for tile in tiles for each in tile["widget"].get("xyChart", {}).get("dataSets", [])]
    asked = [each["timeSeriesQuery"]["timeSeriesFilter"]["filter"] for each in sets]
    ours = {name for each in asked for name in re.findall(r'logging\.googleapis\.com/user/([^"]+)"', each)}
    assert ours == set(cloud.named("google_logging_metric"))
    named = {name for each in asked for name in re.findall(r'resource\.labels\.\w+="([^"]+)"', each)}
    assert named == {"cache", "refresh", "subscription", "superset"}
    assert len(asked) == 12
