"""Every alert has its page, and every alert on the logs takes the lines that our programs write, and no others."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.cloud import monitoring_dashboard_v1
from google.cloud.storage import Bucket
from google.protobuf import json_format
from pyarrow import ArrowInvalid, flight
from werkzeug.test import TestResponse

from biaac import releases
from biaac.clients import storage_client
from biaac.releases import StreamFreshness
from biaac.runs import Outcome
from biaac.settings import ROOT, Settings
from tests.component.cache import service as cache_service
from tests.component.functions.airbyte_server import FakeAirbyte
from tests.component.functions.conftest import airbyte, call, connections, executions, new_process  # noqa: F401
from tests.component.functions.published import candidate, record
from tests.infrastructure.deployment import Deployment, Values

RUNBOOKS = ROOT / "docs/runbooks"
BUDGET = "budget"  # its mails come from the billing account, not from an alert policy

Line = dict[str, Any]


@pytest.fixture(scope="module")
def monitoring(deployments: Callable[[str], Deployment]) -> Deployment:
    return deployments("small")


def policies(monitoring: Deployment) -> dict[str, Values]:
    return {each.values["display_name"]: each.values for each in monitoring.all("google_monitoring_alert_policy")}


def taken(monitoring: Deployment, alert: str, lines: list[str]) -> list[Line]:
    """The lines that the filter of an alert takes. Its language: comparisons of fields, joined by AND."""
    (condition,) = policies(monitoring)[alert]["conditions"]
    text: str = condition["condition_matched_log"][0]["filter"]
    fields = dict(re.findall(r'jsonPayload\.(\w+)="([^"]*)"', text))
    errors_only = "severity>=ERROR" in text
    assert fields or errors_only
    parsed: list[Line] = [json.loads(line) for line in lines if line.startswith("{")]
    return [
        line
        for line in parsed
        if all(line.get(name) == value for name, value in fields.items())
        and (not errors_only or line["severity"] in {"ERROR", "CRITICAL"})
    ]


def test_every_alert_has_a_page_that_says_what_to_do_and_links_to_it(monitoring: Deployment) -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"} == policies(monitoring).keys() | {BUDGET}
    for name, policy in policies(monitoring).items():
        (documentation,) = policy["documentation"]
        (link,) = documentation["links"]
        assert link["url"].endswith(f"/docs/runbooks/{name}.md")
        assert link["url"] in documentation["content"]


def test_the_dashboard_has_only_fields_that_the_api_knows(monitoring: Deployment) -> None:
    (dashboard,) = monitoring.all("google_monitoring_dashboard")
    shown = json.loads(dashboard.values["dashboard_json"])
    json_format.ParseDict(shown, monitoring_dashboard_v1.Dashboard.pb()())
    assert shown["mosaicLayout"]["tiles"]


@pytest.fixture
def sweep(call: Callable[..., TestResponse], capfd: pytest.CaptureFixture[str]) -> Callable[[], list[str]]:  # noqa: F811
    def run() -> list[str]:
        capfd.readouterr()
        call("sweep", {})
        return capfd.readouterr().err.splitlines()

    return run


@pytest.mark.parametrize(("hours", "alerts"), [(27, 0), (51, 1)])
def test_data_stale_takes_a_connection_beyond_its_tolerance(
    monitoring: Deployment, sweep: Callable[[], list[str]], lake: Bucket, hours: int, alerts: int
) -> None:
    synced = datetime.now(UTC) - timedelta(hours=hours)
    stream = StreamFreshness(connection="shop", stream="lines", data_as_of=None, synced_at=synced)
    releases.promote(lake, "prod", candidate(lake, freshness=[stream]))
    assert [line["connection"] for line in taken(monitoring, "data-stale", sweep())] == ["shop"] * alerts


@pytest.mark.parametrize(("state", "alerts"), [("failed", 1), ("succeeded", 0), ("cancelled", 0), ("running", 0)])
def test_sync_failed_takes_a_connection_whose_newest_sync_failed(
    monitoring: Deployment,
    sweep: Callable[[], list[str]],
    airbyte: FakeAirbyte,  # noqa: F811
    state: str,
    alerts: int,
) -> None:
    airbyte.start("web_shop", state=state)
    assert [line["connection"] for line in taken(monitoring, "sync-failed", sweep())] == ["web_shop"] * alerts


@pytest.mark.parametrize(("outcome", "alerts"), [(Outcome.REJECTED, 1), (Outcome.PUBLISHED, 0)])
def test_release_rejected_takes_the_line_of_the_transform(
    monitoring: Deployment, environment: dict[str, str], settings: Settings, outcome: Outcome, alerts: int
) -> None:
    """The real job, started again for an execution that is decided: it logs the recorded outcome."""
    record(storage_client(settings).bucket(settings.ops_bucket), "e-1", outcome)
    done = transform("e-1")
    assert done.returncode == 0, done.stderr
    lines = taken(monitoring, "release-rejected", done.stderr.splitlines())
    assert [(line["execution"], line["severity"]) for line in lines] == [("e-1", "ERROR")] * alerts


def test_a_transform_that_cannot_work_logs_an_error(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BRONZE_BUCKET")
    done = transform("e")
    assert done.returncode == 2
    line = json.loads(done.stderr.splitlines()[-1])
    assert line["severity"] == "ERROR"
    assert "BRONZE_BUCKET" in line["message"]


def transform(execution: str) -> subprocess.CompletedProcess[str]:
    started = {**os.environ, "CLOUD_RUN_JOB": "transform", "CLOUD_RUN_EXECUTION": "transform-1"}
    command = [sys.executable, "-m", "transform.job", "--execution", execution, "--reason", "sync"]
    return subprocess.run(command, cwd=ROOT, env=started, capture_output=True, text=True, check=False, timeout=300)


def test_cache_error_takes_a_damaged_release_and_not_a_wrong_query(
    monitoring: Deployment, storage_server: str, tmp_path: Path
) -> None:
    cache, lake = cache_service.build(storage_server, tmp_path)
    release = lake.publish({"gold.sales": ["SELECT 1 AS lines"]})
    manifest = releases.read(lake.lake, "prod", release).tables["gold.sales"].manifest
    cache.start()
    try:
        with pytest.raises(ArrowInvalid, match="42"):
            cache.rows("SELECT nothing FROM nowhere")
        assert taken(monitoring, "cache-error", cache.log.read_text().splitlines()) == []
        lake.lake.blob(f"manifests/{manifest}.json").delete()
        with pytest.raises(flight.FlightServerError, match="XX001"):
            cache.rows("SELECT lines FROM gold.sales")
        lines = taken(monitoring, "cache-error", cache.log.read_text().splitlines())
        assert [line["message"] for line in lines] == ["a release cannot be served"]
    finally:
        cache.stop()


def test_every_field_that_an_alert_or_a_metric_reads_is_in_a_line(
    monitoring: Deployment, sweep: Callable[[], list[str]]
) -> None:
    read = set(re.findall(r"EXTRACT\(jsonPayload\.(\w+)\)", json.dumps([one.values for one in monitoring.resources])))
    (line, *_) = (json.loads(line) for line in sweep() if '"connection looked at"' in line)
    of_the_transform = {"execution", "outcome"}
    assert read - of_the_transform <= line.keys()
    assert read
