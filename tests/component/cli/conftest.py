"""The command as a person runs it, against real storage, real gRPC, and an Airbyte with its quirks."""

import io
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from google.cloud.workflows import executions_v1

from biaac.clients import executions_client
from biaac.settings import Settings
from cli.main import main
from laptop import plan as laptop
from tests.component.functions.airbyte_server import FakeAirbyte
from tests.component.functions.conftest import airbyte, connections, executions
from tests.component.functions.executions_server import FakeExecutions
from tests.stand_ins.conftest import start

__all__ = ["airbyte", "connections", "executions", "start"]  # fixtures of other folders, used here as they are


@dataclass(frozen=True)
class Result:
    """What the command left on the terminal."""

    code: int
    out: str
    err: str


Biaac = Callable[..., Result]


@pytest.fixture
def biaac(  # noqa: PLR0917  a fixture is called by name
    environment: dict[str, str],
    airbyte: FakeAirbyte,
    executions: FakeExecutions,
    connections: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Biaac:
    """``biaac("runs show x")`` types that and answers exit code and output; ``typed`` is read from standard input."""
    values = {
        "AIRBYTE_URL": airbyte.url,
        "WORKFLOWS_EMULATOR_HOST": executions.address,
        "COMPANY_DIR": str(tmp_path),
        "RUN_EMULATOR_HOST": "http://127.0.0.1:1",
        "COLUMNS": "200",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(laptop, "DATA", tmp_path / "state")  # the folder of a laptop of its own, not this checkout's

    def run(line: str, typed: str = "") -> Result:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        monkeypatch.setattr(sys, "argv", ["biaac", *shlex.split(line)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        output = capsys.readouterr()
        return Result(int(ended.value.code or 0), output.out, output.err)

    return run


def start_execution(argument: str = "{}") -> str:
    """Start the refresh workflow; the execution's name."""
    settings = Settings.load()
    execution = executions_v1.Execution(argument=argument)
    parent = f"{settings.parent}/workflows/refresh"
    return str(executions_client(settings).create_execution(parent=parent, execution=execution).name)


def dead_pid() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid
