"""What a sweep logs of each connection: the age of what readers see, and how its newest sync ended."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.cloud.storage import Bucket
from werkzeug.test import TestResponse

from biaac import releases
from biaac.releases import StreamFreshness
from tests.component.functions.airbyte_server import FakeAirbyte
from tests.component.functions.published import candidate

Lines = Callable[[], dict[str, dict[str, Any]]]
AS_OF = datetime(2017, 11, 30, 23, tzinfo=UTC)


@pytest.fixture
def sweep(call: Callable[..., TestResponse], capfd: pytest.CaptureFixture[str]) -> Lines:
    """Sweep once; the line of each connection by its name."""

    def run() -> dict[str, dict[str, Any]]:
        capfd.readouterr()
        call("sweep", {})
        lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
        return {line["connection"]: line for line in lines if line["message"] == "connection looked at"}

    return run


def publish(lake: Bucket, age: timedelta) -> str:
    """Make a release current in which a stream of ``shop`` was synced so long ago; its id."""
    stream = StreamFreshness(connection="shop", stream="s", data_as_of=AS_OF, synced_at=datetime.now(UTC) - age)
    release = candidate(lake, freshness=[stream])
    releases.promote(lake, "prod", release)
    return release


@pytest.mark.parametrize(
    ("hours", "freshness", "severity"),
    [(25, "fresh", "INFO"), (27, "late", "WARNING"), (51, "stale", "ERROR")],
)
def test_age_is_judged_by_the_tolerances_of_the_file(
    sweep: Lines, lake: Bucket, hours: int, freshness: str, severity: str
) -> None:
    release = publish(lake, timedelta(hours=hours))
    line = sweep()["shop"]
    assert (line["freshness"], line["severity"]) == (freshness, severity)
    assert hours * 3600 <= line["age_s"] < hours * 3600 + 300
    assert (line["warn_after_s"], line["fail_after_s"]) == (26 * 3600, 50 * 3600)
    assert (line["release"], line["data_as_of"]) == (release, AS_OF.isoformat())


def test_a_connection_that_no_release_holds_has_no_age(sweep: Lines, lake: Bucket) -> None:
    assert {name: line["freshness"] for name, line in sweep().items()} == {"shop": "never", "web_shop": "never"}
    publish(lake, timedelta(hours=99))
    lines = sweep()
    assert (lines["shop"]["freshness"], lines["web_shop"]["freshness"]) == ("stale", "never")
    assert (lines["web_shop"]["age_s"], lines["web_shop"]["severity"]) == (None, "INFO")


def test_a_sync_whose_rows_readers_do_not_see_makes_nothing_fresh(
    sweep: Lines, lake: Bucket, airbyte: FakeAirbyte
) -> None:
    publish(lake, timedelta(hours=51))
    airbyte.start("shop", state="succeeded")
    line = sweep()["shop"]
    assert (line["freshness"], line["newest_sync"]) == ("stale", "succeeded")


@pytest.mark.parametrize(
    ("jobs", "newest", "severity"),
    [
        (["succeeded", "failed"], "failed", "WARNING"),
        (["failed", "succeeded"], "succeeded", "INFO"),
        (["failed", "running"], "failed", "WARNING"),
        (["failed", "cancelled"], "cancelled", "INFO"),
        ([], None, "INFO"),
    ],
)
def test_how_the_newest_sync_that_has_ended_is_logged(  # noqa: PLR0917  a case has these values
    sweep: Lines, lake: Bucket, airbyte: FakeAirbyte, jobs: list[str], newest: str | None, severity: str
) -> None:
    publish(lake, timedelta(hours=1))
    for state in jobs:
        airbyte.start("shop", state=state)
    airbyte.start("shop", state="failed", kind="clear")
    line = sweep()["shop"]
    assert (line["newest_sync"], line["severity"]) == (newest, severity)


def test_freshness_is_logged_where_airbyte_does_not_answer(sweep: Lines, lake: Bucket, airbyte: FakeAirbyte) -> None:
    publish(lake, timedelta(hours=51))
    del airbyte.connections["shop"]
    lines = sweep()
    assert (lines["shop"]["freshness"], lines["shop"]["newest_sync"]) == ("stale", None)
    assert lines["web_shop"]["freshness"] == "never"
