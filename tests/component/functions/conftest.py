"""The functions as a process of their own would hold them, over real storage, gRPC and HTTP."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask
import functions_framework
import pytest
import structlog
from werkzeug.test import TestResponse

from biaac.settings import ROOT
from tests.component.functions.airbyte_server import FakeAirbyte, serve
from tests.component.functions.executions_server import FakeExecutions

SOURCE = ROOT / "functions"
CONNECTION = """
name: {name}
description: Receipts.
owner: data@example.com
source: {{connector: sources/shop, config: {{}}}}
schedule: {{cron: "0 5 * * *"}}
freshness: {{warn_after: 26h, fail_after: 50h}}
streams: [{{name: lines, mode: full_refresh}}]
"""


@pytest.fixture
def airbyte() -> Iterator[FakeAirbyte]:
    """An Airbyte that knows the connections of this test."""
    fake = FakeAirbyte()
    server = serve(fake)
    yield fake
    server.shutdown()
    server.server_close()


@pytest.fixture
def executions() -> Iterator[FakeExecutions]:
    fake = FakeExecutions()
    yield fake
    fake.server.stop(None)


@pytest.fixture
def connections(tmp_path: Path, airbyte: FakeAirbyte) -> list[str]:
    """Two declared connections, which Airbyte has, too."""
    names = ["shop", "web_shop"]
    for name in names:
        (tmp_path / "connections").mkdir(exist_ok=True)
        (tmp_path / f"connections/{name}.yaml").write_text(CONNECTION.format(name=name))
        airbyte.add_connection(name)
    return names


@pytest.fixture
def new_process(  # noqa: PLR0917  a fixture is called by name
    environment: dict[str, str],
    airbyte: FakeAirbyte,
    executions: FakeExecutions,
    connections: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[], None]]:
    """Point the settings at this test's services; calling it forgets the functions' modules, as a new process would."""
    values = {
        "AIRBYTE_URL": airbyte.url,
        "WORKFLOWS_EMULATOR_HOST": executions.address,
        "COMPANY_DIR": str(tmp_path),
        "WATCH_SECONDS": "0",  # one look per delivery: the tests deliver again
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(str(SOURCE))

    def forget() -> None:
        for module in [*(path.stem for path in SOURCE.glob("*.py")), "main"]:
            sys.modules.pop(module, None)
        structlog.reset_defaults()

    forget()
    yield forget
    forget()


@pytest.fixture
def call(new_process: Callable[[], None]) -> Callable[..., TestResponse]:
    """Ask one entry point as functions-framework serves it: ``call("sync", {...})``."""
    apps: dict[str, flask.Flask] = {}

    def ask(target: str, body: Any = None, **request: Any) -> TestResponse:
        if target not in apps:
            apps[target] = functions_framework.create_app(target, str(SOURCE / "main.py"))
        return apps[target].test_client().post("/", **({"json": body} if body is not None else {}), **request)

    return ask


@pytest.fixture
def deliver(call: Callable[..., TestResponse]) -> Callable[..., TestResponse]:
    """Deliver a finalize event with these data as Eventarc does: ``deliver("event 1", {...})``."""
    headers = {
        "ce-specversion": "1.0",
        "ce-type": "google.cloud.storage.object.v1.finalized",
        "ce-source": "//storage.googleapis.com/projects/_/buckets/b",
        "content-type": "application/json",
    }
    return lambda event, data: call("bronze_finalized", headers={**headers, "ce-id": event}, data=json.dumps(data))


@pytest.fixture
def finalized(deliver: Callable[..., TestResponse], environment: dict[str, str]) -> Callable[..., TestResponse]:
    """Deliver the event of one object: ``finalized("shop/lines/...", event="1")``."""

    def deliver_one(name: str, *, event: str, bucket: str | None = None) -> TestResponse:
        data = {"bucket": bucket or environment["BRONZE_BUCKET"], "name": name, "generation": "1", "size": "5"}
        return deliver(event, data)

    return deliver_one
