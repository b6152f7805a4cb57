"""The Executions API as the unmodified google-cloud-workflows client sees it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from google.api_core import exceptions
from google.cloud.workflows import executions_v1

from biaac.settings import ROOT
from tests.component.workflows.conftest import Stack
from tests.conftest import wait_for

State = executions_v1.Execution.State
View = executions_v1.ExecutionView
ECHO_OR_SLEEP = """
main:
  params: [args]
  steps:
    - long:
        switch:
          - condition: ${args == "sleep"}
            steps: [{sleep: {call: sys.sleep, args: {seconds: 3600}}}]
    - echo: {return: "${args}"}
"""


@pytest.fixture
def echo(serve_source: Callable[[str], Stack], monkeypatch: pytest.MonkeyPatch) -> Stack:
    stack = serve_source(ECHO_OR_SLEEP)
    monkeypatch.setenv("WORKFLOWS_EMULATOR_HOST", f"127.0.0.1:{stack.port}")
    stack.start_workflows()
    return stack


def test_executions_are_listed_newest_first_in_pages_and_by_state(echo: Stack) -> None:
    names = [echo.ended(echo.create(number).name).name for number in range(3)]
    running = echo.create("sleep").name
    pages = echo.client.list_executions(request={"parent": echo.parent, "page_size": 2})
    assert [each.name for each in pages] == [running, *reversed(names)]
    active = echo.client.list_executions(request={"parent": echo.parent, "filter": 'state="ACTIVE"'})
    assert [each.name for each in active] == [running]
    basic = next(iter(echo.client.list_executions(parent=echo.parent)))
    whole = next(iter(echo.client.list_executions(request={"parent": echo.parent, "view": View.FULL})))
    assert (basic.argument, whole.argument) == ("", '"sleep"')


def test_a_cancelled_execution_is_cancelled_at_once_and_stays_so(echo: Stack) -> None:
    name = echo.create("sleep").name
    wait_for(lambda: "sleep" in [s.step for s in echo.client.get_execution(name=name).status.current_steps])
    assert echo.client.cancel_execution(name=name).state == State.CANCELLED
    assert echo.client.get_execution(name=name).state == State.CANCELLED
    with pytest.raises(exceptions.FailedPrecondition, match="CANCELLED"):
        echo.client.cancel_execution(name=name)


def test_what_is_not_there_or_not_right_is_refused_with_the_apis_own_codes(echo: Stack) -> None:
    with pytest.raises(exceptions.NotFound):
        echo.client.create_execution(parent=echo.parent + "x", execution={})
    with pytest.raises(exceptions.NotFound):
        echo.client.get_execution(name=f"{echo.parent}/executions/none")
    with pytest.raises(exceptions.InvalidArgument, match="not JSON"):
        echo.client.create_execution(parent=echo.parent, execution={"argument": "{"})
    with pytest.raises(exceptions.InvalidArgument, match="32768 bytes"):
        echo.client.create_execution(parent=echo.parent, execution={"argument": '"' + "x" * 33_000 + '"'})
    with pytest.raises(exceptions.MethodNotImplemented, match="filter"):
        list(echo.client.list_executions(request={"parent": echo.parent, "filter": "duration > 1"}))


def test_a_second_server_on_the_port_ends_with_a_reason_and_leaves_the_state_alone(echo: Stack) -> None:
    name = echo.create("sleep").name
    line = [
        sys.executable,
        "-m",
        "stand_ins.workflows",
        "--port",
        str(echo.port),
        "--state",
        str(echo.folder / "state"),
    ]
    line += ["--source", str(echo.source), "--project", "laptop", "--location", "local"]
    second = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 1
    assert f"port {echo.port} of 127.0.0.1 is in use" in second.stderr
    assert echo.client.get_execution(name=name).state == State.ACTIVE


@pytest.mark.parametrize(
    ("source", "variable", "reason"),
    [
        ("- a: {call: nobody.knows}", "X=1", "nobody.knows"),
        ("- a: {return: 1}", "GOOGLE_X=1", "not beginning with GOOGLE_"),
        ("- a: {return: 1}", "X", "NAME=VALUE"),
    ],
)
def test_a_wrong_file_or_variable_ends_the_server_with_a_reason(
    tmp_path: Path, source: str, variable: str, reason: str
) -> None:
    path = tmp_path / "a.workflows.yaml"
    path.write_text(source)
    line = [sys.executable, "-m", "stand_ins.workflows", "--port", "1", "--state", str(tmp_path), "--source", str(path)]
    line += ["--project", "laptop", "--location", "local", "--set", variable]
    ended = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert reason in ended.stderr
