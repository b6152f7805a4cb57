"""Each entry point asks for its own variables and no other: in the cloud it is a deployment of its own."""

from collections.abc import Callable
from typing import Any

import pytest
from google.cloud.storage import Bucket
from werkzeug.test import TestResponse

from biaac.clients import storage_client
from biaac.runs import Outcome
from biaac.settings import Settings
from tests.component.functions.airbyte_server import FakeAirbyte
from tests.component.functions.published import record
from tests.infrastructure.inventory import WORKLOADS

ADDRESSES = {"AIRBYTE_URL", "CACHE_URL", "SUPERSET_URL", "SYNC_URL", "SWEEP_URL"}
BODIES: dict[str, Any] = {
    "sync": {"connection": "shop"},
    "sweep": {},
    "warm_cache": {"execution": "x-1"},
    "promote": {"release": "000009-none"},
}
MISSING = [
    (name.replace("-", "_"), variable)
    for name, workload in WORKLOADS.items()
    if workload.room == "functions"
    for variable in sorted(workload.needed - workload.explicit)  # what has no default
]


@pytest.fixture
def ask(
    call: Callable[..., TestResponse],
    finalized: Callable[..., TestResponse],
    settings: Settings,
    airbyte: FakeAirbyte,
) -> Callable[[str], TestResponse]:
    """Ask an entry point for something that takes it to every service it knows."""
    ops: Bucket = storage_client(settings).bucket(settings.ops_bucket)
    record(ops, "x-1", Outcome.PUBLISHED, "000001-abc")

    def call_entry_point(entry_point: str) -> TestResponse:
        if entry_point == "bronze_finalized":
            return finalized("shop/lines/2026_11_24_1795474109913_0.parquet", event="a")
        return call(entry_point, BODIES[entry_point])

    return call_entry_point


@pytest.mark.parametrize("name", sorted(name for name, each in WORKLOADS.items() if each.room == "functions"))
def test_an_entry_point_is_content_with_its_own_variables(
    name: str, ask: Callable[[str], TestResponse], monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ADDRESSES - WORKLOADS[name].needed:
        monkeypatch.delenv(variable)
    answer = ask(name.replace("-", "_"))
    assert "settings:" not in answer.text


@pytest.mark.parametrize(("entry_point", "variable"), MISSING)
def test_an_entry_point_names_the_variable_it_misses(
    entry_point: str, variable: str, ask: Callable[[str], TestResponse], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(variable)
    answer = ask(entry_point)
    assert f"settings: {variable}: field required" in answer.text
    assert answer.status_code in {422, 503}, "the sweep goes on with other connections and asks to be called again"
