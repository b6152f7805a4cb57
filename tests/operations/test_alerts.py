"""Alerts and dashboard as planned: every alert has its page, asks for metrics that exist, and reads lines we write."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.cloud import monitoring_dashboard_v1
from google.cloud.storage import Bucket
from google.protobuf import json_format
from pyarrow import flight
from werkzeug.test import TestResponse

from biaac import releases
from biaac.clients import storage_client
from biaac.releases import Release, StreamFreshness
from biaac.runs import Outcome
from biaac.settings import ROOT, Settings
from tests.component.cache import service as cache_service
from tests.component.functions.airbyte_server import FakeAirbyte
from tests.component.functions.conftest import airbyte, call, connections, executions, new_process  # noqa: F401
from tests.component.functions.published import candidate, record
from tests.infrastructure.deployment import Deployment
from tests.operations.conftest import MONITORING, RUNBOOKS_URL, WATCHED
from tests.operations.log_filter import Entry, comparisons, entry, matches

RUNBOOKS = ROOT / "docs/runbooks"
BUDGET = "budget"  # its mails come from the billing account, not from an alert policy
# Metric -> the resource it is measured of, and its labels (cloud.google.com/monitoring/api/metrics_gcp).
METRICS = {
    "cloudsql.googleapis.com/database/disk/utilization": ("cloudsql_database", set()),
    "cloudsql.googleapis.com/database/memory/utilization": ("cloudsql_database", set()),
    "pubsub.googleapis.com/subscription/oldest_unacked_message_age": ("pubsub_subscription", set()),
    "run.googleapis.com/container/instance_count": ("cloud_run_revision", {"state"}),
    "run.googleapis.com/job/completed_execution_count": ("cloud_run_job", {"result", "attempt"}),
    "run.googleapis.com/request_count": ("cloud_run_revision", {"response_code", "response_code_class", "route"}),
    "run.googleapis.com/request_latencies": ("cloud_run_revision", {"response_code", "response_code_class", "route"}),
    "workflows.googleapis.com/finished_execution_count": ("workflows.googleapis.com/Workflow", {"status"}),
}
# Resource -> its labels beside project_id (cloud.google.com/monitoring/api/resources).
RESOURCES = {
    "cloudsql_database": {"database_id", "region"},
    "cloud_run_job": {"job_name", "location"},
    "cloud_run_revision": {"configuration_name", "location", "revision_name", "service_name"},
    "pubsub_subscription": {"subscription_id"},
    "workflows.googleapis.com/Workflow": {"location", "workflow_id"},
}


def policies(monitoring: Deployment) -> dict[str, Any]:
    return {each.values["display_name"]: each.values for each in monitoring.all("google_monitoring_alert_policy")}


def condition(monitoring: Deployment, name: str, kind: str) -> dict[str, Any]:
    (found,) = policies(monitoring)[name]["conditions"]
    (body,) = found[kind]
    return dict(body)


def log_filter(monitoring: Deployment, name: str) -> str:
    return str(condition(monitoring, name, "condition_matched_log")["filter"])


def test_every_alert_has_a_page_that_says_what_to_do_and_links_to_it(monitoring: Deployment) -> None:
    pages = {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"}
    assert pages == policies(monitoring).keys() | {BUDGET}
    for name, policy in policies(monitoring).items():
        (documentation,) = policy["documentation"]
        (link,) = documentation["links"]
        assert link["url"] == f"{RUNBOOKS_URL}/{name}.md"
        assert link["url"] in documentation["content"]


def test_every_alert_reaches_every_operator(monitoring: Deployment) -> None:
    channels = monitoring.all("google_monitoring_notification_channel")
    assert {channel.values["labels"]["email_address"] for channel in channels} == set(MONITORING["operators"])
    configured = json.dumps(monitoring.plan["configuration"])
    assert configured.count('"notification_channels"') == 3, "one for each kind of policy"


def test_conditions_are_as_few_as_alerts(monitoring: Deployment) -> None:
    """Cloud Monitoring charges by condition."""
    assert [len(policy["conditions"]) for policy in policies(monitoring).values()] == [1] * 9


def metric_filters(monitoring: Deployment) -> Iterator[tuple[str, str, list[str]]]:
    """Who asks, the filter, and what it groups by: policies and dashboard."""
    for name, policy in policies(monitoring).items():
        for kind in ("condition_threshold", "condition_absent"):
            for body in policy["conditions"][0][kind]:
                yield name, body["filter"], body["aggregations"][0]["group_by_fields"] or []
    for tile in dashboard(monitoring)["mosaicLayout"]["tiles"]:
        for data in tile["widget"].get("xyChart", {}).get("dataSets", []):
            query = data["timeSeriesQuery"]["timeSeriesFilter"]
            yield tile["widget"]["title"], query["filter"], query["aggregation"].get("groupByFields", [])


def test_every_metric_exists_and_has_the_labels_that_are_asked_of_it(monitoring: Deployment) -> None:
    ours = {
        f"logging.googleapis.com/user/{each.values['name']}": {
            label["key"] for label in each.values["metric_descriptor"][0]["labels"]
        }
        for each in monitoring.all("google_logging_metric")
    }
    asked = list(metric_filters(monitoring))
    assert len(asked) > 12
    for who, text, group_by in asked:
        fields = dict(re.findall(r'([\w.]+)\s*=\s*(?:"([^"]*)"|one_of\([^)]*\))', text))
        metric, resource = fields.pop("metric.type"), fields.pop("resource.type")
        if metric in ours:
            labels = ours[metric]
        else:
            assert metric in METRICS, f"{who}: {metric}"
            measured_of, labels = METRICS[metric]
            assert resource == measured_of, f"{who}: {metric} is measured of {measured_of}"
        known = {f"metric.labels.{each}" for each in labels}
        known |= {f"resource.labels.{each}" for each in RESOURCES[resource]}
        assert fields.keys() <= known, f"{who}: {text}"
        assert set(group_by) <= known, f"{who}: grouped by {group_by}"


def test_every_name_that_is_watched_is_asked_for(monitoring: Deployment) -> None:
    texts = [text for _, text, _ in metric_filters(monitoring)]
    texts += [log_filter(monitoring, name) for name in ("cache-error", "data-stale", "release-rejected", "sync-failed")]
    assert [name for name in WATCHED.values() if not any(f'"{name}"' in text for text in texts)] == []


def dashboard(monitoring: Deployment) -> dict[str, Any]:
    (found,) = monitoring.all("google_monitoring_dashboard")
    return dict(json.loads(found.values["dashboard_json"]))


def test_the_dashboard_is_one_in_the_words_of_the_api(monitoring: Deployment) -> None:
    shown = dashboard(monitoring)
    message = monitoring_dashboard_v1.Dashboard.pb()()
    json_format.ParseDict(shown, message)
    tiles = shown["mosaicLayout"]["tiles"]
    squares = [
        (tile.get("xPos", 0) + x, tile.get("yPos", 0) + y)
        for tile in tiles
        for x in range(tile["width"])
        for y in range(tile["height"])
    ]
    assert len(squares) == len(set(squares)), "two tiles lie on each other"
    assert max(x for x, _ in squares) < shown["mosaicLayout"]["columns"]


def test_a_misspelt_field_of_the_dashboard_would_be_found(monitoring: Deployment) -> None:
    shown = dashboard(monitoring)
    shown["mosaicLayout"]["tiles"][0]["widget"]["xyChart"]["dataSet"] = []
    with pytest.raises(json_format.ParseError, match="dataSet"):
        json_format.ParseDict(shown, monitoring_dashboard_v1.Dashboard.pb()())


@pytest.fixture
def lake(settings: Settings) -> Bucket:
    return storage_client(settings).bucket(settings.lake_bucket)


@pytest.fixture
def swept(call: Callable[..., TestResponse], capfd: pytest.CaptureFixture[str]) -> Callable[[], list[Entry]]:  # noqa: F811
    """Sweep once; everything the function logged, as entries."""

    def run() -> list[Entry]:
        capfd.readouterr()
        call("sweep", {})
        lines = capfd.readouterr().err.splitlines()
        return [entry(line, "cloud_run_revision", service_name=WATCHED["sweep"]) for line in lines]

    return run


def publish(lake: Bucket, age: timedelta) -> None:
    first = releases.read(lake, "prod", candidate(lake, loads=[]))
    synced = datetime.now(UTC) - age
    stream = StreamFreshness(connection="grocery", stream="lines", data_as_of=None, synced_at=synced)
    release = Release.model_validate(first.model_dump() | {"freshness": [stream], "sequence": 2})
    releases.promote(lake, "prod", releases.write(lake, release))


@pytest.mark.parametrize(("hours", "alerts"), [(1, 0), (27, 0), (51, 1)])
def test_data_stale_hears_of_a_connection_beyond_its_tolerance(
    monitoring: Deployment, swept: Callable[[], list[Entry]], lake: Bucket, hours: int, alerts: int
) -> None:
    publish(lake, timedelta(hours=hours))
    text = log_filter(monitoring, "data-stale")
    heard = [each for each in swept() if matches(text, each)]
    assert [each["jsonPayload"]["connection"] for each in heard] == ["grocery"] * alerts


@pytest.mark.parametrize(("state", "alerts"), [("failed", 1), ("succeeded", 0), ("cancelled", 0), ("running", 0)])
def test_sync_failed_hears_of_a_connection_whose_newest_sync_failed(
    monitoring: Deployment,
    swept: Callable[[], list[Entry]],
    airbyte: FakeAirbyte,  # noqa: F811
    state: str,
    alerts: int,
) -> None:
    airbyte.start("web_shop", state=state)
    text = log_filter(monitoring, "sync-failed")
    heard = [each for each in swept() if matches(text, each)]
    assert [each["jsonPayload"]["connection"] for each in heard] == ["web_shop"] * alerts


@pytest.mark.parametrize(
    ("outcome", "alerts"), [(Outcome.REJECTED, 1), (Outcome.PUBLISHED, 0), (Outcome.NOTHING_NEW, 0)]
)
def test_release_rejected_hears_of_what_a_transform_decided(
    monitoring: Deployment, environment: dict[str, str], settings: Settings, outcome: Outcome, alerts: int
) -> None:
    """The real job, started again for an execution that is decided: it tells the recorded outcome."""
    record(storage_client(settings).bucket(settings.ops_bucket), "e-1", outcome)
    started = {**os.environ, "CLOUD_RUN_JOB": "transform", "CLOUD_RUN_EXECUTION": "transform-1"}
    command = [sys.executable, "-m", "transform.job", "--execution", "e-1", "--reason", "sync"]
    done = subprocess.run(command, cwd=ROOT, env=started, capture_output=True, text=True, check=True, timeout=60)
    entries = [entry(line, "cloud_run_job", job_name=WATCHED["transform"]) for line in done.stderr.splitlines()]
    text = log_filter(monitoring, "release-rejected")
    heard = [each for each in entries if matches(text, each)]
    assert [each["jsonPayload"]["execution"] for each in heard] == ["e-1"] * alerts
    if alerts:
        assert heard[0]["severity"] == "ERROR"
    (run,) = [each for each in monitoring.all("google_logging_metric") if each.values["name"] == "biaac/run"]
    assert sum(matches(run.values["filter"], each) for each in entries) == 1, "the dashboard counts every outcome"


def test_a_transform_that_cannot_work_says_so_as_an_error(environment: dict[str, str]) -> None:
    started = {name: value for name, value in os.environ.items() if name != "BRONZE_BUCKET"}
    started |= {"CLOUD_RUN_JOB": "transform", "CLOUD_RUN_EXECUTION": "transform-1"}
    command = [sys.executable, "-m", "transform.job", "--execution", "e", "--reason", "sync"]
    done = subprocess.run(command, cwd=ROOT, env=started, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    line = entry(done.stderr.splitlines()[-1], "cloud_run_job", job_name="transform")
    assert line["severity"] == "ERROR"
    assert "BRONZE_BUCKET" in line["jsonPayload"]["message"]


def test_cache_error_hears_of_a_damaged_release_and_not_of_a_wrong_question(
    monitoring: Deployment, storage_server: str, tmp_path: Path
) -> None:
    cache, lake = cache_service.build(storage_server, tmp_path)
    release = lake.publish({"gold.sales": ["SELECT 1 AS lines"]})
    manifest = releases.read(lake.lake, "prod", release).tables["gold.sales"].manifest
    cache.start()
    try:
        with pytest.raises(flight.FlightServerError, match="42"):
            cache.rows("SELECT nothing FROM nowhere")
        assert heard(monitoring, cache) == []
        lake.lake.blob(f"manifests/{manifest}.json").delete()
        with pytest.raises(flight.FlightServerError, match="XX001"):
            cache.rows("SELECT lines FROM gold.sales")
        assert [each["jsonPayload"]["message"] for each in heard(monitoring, cache)] == ["a release cannot be served"]
    finally:
        cache.stop()


def heard(monitoring: Deployment, cache: cache_service.Cache) -> list[Entry]:
    lines = cache.log.read_text().splitlines()
    entries = [entry(line, "cloud_run_revision", service_name=WATCHED["cache"]) for line in lines]
    assert all("jsonPayload" in each for each in entries), "every line is JSON"
    return [each for each in entries if matches(log_filter(monitoring, "cache-error"), each)]


def test_a_renamed_message_would_be_found(monitoring: Deployment) -> None:
    line = {"severity": "ERROR", "message": "run decided", "outcome": "rejected", "execution": "e"}
    text = log_filter(monitoring, "release-rejected")
    assert matches(text, entry(json.dumps(line), "cloud_run_job", job_name="transform"))
    for change in ({"message": "the run is decided"}, {"outcome": "refused"}):
        assert not matches(text, entry(json.dumps({**line, **change}), "cloud_run_job", job_name="transform"))
    assert not matches(text, entry(json.dumps(line), "cloud_run_job", job_name="another"))
    assert not matches(text, entry("run decided: rejected", "cloud_run_job", job_name="transform"))


def test_labels_and_values_are_extracted_from_fields_that_lines_have(
    monitoring: Deployment, swept: Callable[[], list[Entry]], lake: Bucket
) -> None:
    publish(lake, timedelta(hours=1))
    fields = next(each["jsonPayload"] for each in swept() if each["jsonPayload"].get("connection") == "grocery")
    fields |= {"execution": "e", "outcome": "rejected"}  # of the transform's line, tested above
    texts = [each.values["value_extractor"] or "" for each in monitoring.all("google_logging_metric")]
    texts += [
        text
        for each in monitoring.all("google_logging_metric")
        for text in (each.values["label_extractors"] or {}).values()
    ]
    for policy in policies(monitoring).values():
        for body in policy["conditions"][0]["condition_matched_log"]:
            texts += (body["label_extractors"] or {}).values()
    asked = {match[1] for text in texts if (match := re.fullmatch(r"EXTRACT\(jsonPayload\.(\w+)\)", text))}
    assert len([text for text in texts if text]) >= 6
    assert asked <= fields.keys()
    assert all(name in fields for name in asked)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('a="b" OR c="d"', "OR"),
        ('jsonPayload.message=~"regex"', "=~"),
        ("NOT severity>=ERROR", "NOT"),
    ],
)
def test_a_filter_beyond_what_is_read_here_is_refused(text: str, what: str) -> None:
    with pytest.raises(ValueError, match="not a comparison"):
        comparisons(text)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"operators": []}, "at least one e-mail address"),
        ({"operators": ["nobody"]}, "e-mail addresses such as"),
        ({"runbooks_url": "http://example.com/runbooks"}, "https address"),
        ({"runbooks_url": "https://example.com/runbooks/"}, "without a slash"),
        ({"sweep_minutes": 0}, "whole number from 1 to 60"),
        ({"longest_sync_s": 90000}, "60 to 72000"),
    ],
)
def test_a_bad_variable_is_refused_with_what_is_expected(module: Any, values: dict[str, Any], said: str) -> None:
    (module.folder / "values.auto.tfvars.json").write_text(json.dumps({**MONITORING, **values}))
    done = module.run("plan", "-input=false", "-no-color")
    assert done.returncode == 1
    assert said in " ".join(done.stderr.replace("│", " ").split())
