"""The Executions API as the unmodified google-cloud-workflows client sees it."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.workflows import executions_v1

from .servers import FOLDER, Process, Start, executions_client, wait_for

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


@dataclass
class Echo:
    """A server of the workflow ``echo`` and its client."""

    process: Process
    client: executions_v1.ExecutionsClient
    arguments: list[str]
    parent: str = "projects/p/locations/l/workflows/echo"

    def create(self, argument: Any) -> executions_v1.Execution:
        execution = executions_v1.Execution(argument=json.dumps(argument))
        return self.client.create_execution(parent=self.parent, execution=execution)

    def ended(self, name: str) -> executions_v1.Execution:
        """The execution once it is over."""
        wait_for(lambda: self.client.get_execution(name=name).state != State.ACTIVE, what=name)
        return self.client.get_execution(name=name)

    def wait_until_asleep(self, name: str) -> None:
        def steps() -> list[str]:
            return [step.step for step in self.client.get_execution(name=name).status.current_steps]

        wait_for(lambda: "sleep" in steps(), what=f"{name} sleeps")


@pytest.fixture
def echo(start: Start, tmp_path: Path) -> Echo:
    source = tmp_path / "echo.workflows.yaml"
    source.write_text(ECHO_OR_SLEEP)
    arguments = ["--state", str(tmp_path / "state"), "--source", str(source), "--project", "p", "--location", "l"]
    process = start("stand_ins.workflows", *arguments)
    return Echo(process, executions_client(process.port), arguments)


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "stand_ins.workflows", *map(str, arguments)]
    return subprocess.run(line, cwd=FOLDER, capture_output=True, text=True, timeout=120, check=False)


def test_executions_are_listed_newest_first_in_pages_and_by_state(echo: Echo) -> None:
    names = [echo.ended(echo.create(number).name).name for number in range(3)]
    running = echo.create("sleep").name
    pages = echo.client.list_executions(request={"parent": echo.parent, "page_size": 2})
    assert [each.name for each in pages] == [running, *reversed(names)]
    active = echo.client.list_executions(request={"parent": echo.parent, "filter": 'state="ACTIVE"'})
    assert [each.name for each in active] == [running]
    basic = next(iter(echo.client.list_executions(parent=echo.parent)))
    whole = next(iter(echo.client.list_executions(request={"parent": echo.parent, "view": View.FULL})))
    assert (basic.argument, whole.argument) == ("", '"sleep"')


def test_a_cancelled_execution_is_cancelled_at_once_and_stays_so(echo: Echo) -> None:
    name = echo.create("sleep").name
    echo.wait_until_asleep(name)
    assert echo.client.cancel_execution(name=name).state == State.CANCELLED
    assert echo.client.get_execution(name=name).state == State.CANCELLED
    with pytest.raises(exceptions.FailedPrecondition, match="CANCELLED"):
        echo.client.cancel_execution(name=name)


def test_what_is_not_there_or_not_right_is_refused_with_the_apis_own_codes(echo: Echo) -> None:
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


def test_an_execution_is_failed_after_the_death_of_its_server_and_keeps_its_steps(echo: Echo) -> None:
    name = echo.create("sleep").name
    echo.wait_until_asleep(name)
    echo.process.restart()
    killed = echo.client.get_execution(name=name)
    assert killed.state == State.FAILED
    assert json.loads(killed.error.payload)["tags"] == ["SystemError"]
    assert [step.step for step in killed.status.current_steps] == ["long", "sleep"]
    assert echo.ended(echo.create(1).name).state == State.SUCCEEDED


def test_a_second_server_on_the_port_ends_with_a_reason_and_leaves_the_state_alone(echo: Echo) -> None:
    name = echo.create("sleep").name
    second = run("--port", echo.process.port, *echo.arguments)
    assert second.returncode == 1
    assert f"port {echo.process.port} of 127.0.0.1: in use" in second.stderr
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
    file = ("--source", path, "--project", "p", "--location", "l")
    ended = run("--port", 1, "--state", tmp_path, *file, "--set", variable)
    assert ended.returncode == 1
    assert reason in ended.stderr
