"""Run a piece of workflow source to its result or its error."""

import textwrap
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stand_ins.workflows import interpreter, program
from stand_ins.workflows.execution import Execution


class ScaledClock:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.at = 1_700_000_000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float, cancelled: threading.Event) -> None:
        self.slept.append(seconds)
        self.at += seconds


@pytest.fixture
def clock() -> ScaledClock:
    return ScaledClock()


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], program.Program]:
    def load_source(source: str) -> program.Program:
        path = tmp_path / "case.workflows.yaml"
        path.write_text(textwrap.dedent(source))
        return program.load(path)

    return load_source


@pytest.fixture
def run(load: Callable[[str], program.Program], clock: ScaledClock) -> Callable[..., Any]:
    def run_source(source: str, argument: Any = None) -> Any:
        execution = Execution(load(source), {"GOOGLE_CLOUD_PROJECT_ID": "p"}, clock=clock)
        return interpreter.run(execution, argument)

    return run_source


@pytest.fixture
def evaluate(run: Callable[..., Any]) -> Callable[[str], Any]:
    def evaluate_expression(expression: str) -> Any:
        return run(f"main:\n  steps:\n  - r:\n      return: '${{{expression}}}'\n")

    return evaluate_expression
