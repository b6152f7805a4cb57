"""A stack with data, and the pages of docs/ that are walked through on it."""

from collections.abc import Callable

import pytest

from biaac.settings import ROOT
from tests.operations import runbook
from tests.stack import CYCLE_S, Stack

Walk = Callable[[str, str], str]


@pytest.fixture(scope="module")
def ready(stack: Stack) -> Stack:
    """A stack with a release: that of the end-to-end tests, or a first one where these tests run alone."""
    if stack.release() is None:
        stack.sync_by_schedule("shop")
        stack.sync_by_schedule("support")
    return stack


@pytest.fixture
def walk(ready: Stack) -> Walk:
    """Run every laptop block of one section of a page; what they printed."""

    def through(page: str, section: str) -> str:
        steps = runbook.blocks(ROOT / f"docs/{page}.md")[section]
        environment = {**ready.plain_environment(), "COLUMNS": "160"}  # a terminal of today
        return "".join(runbook.run(step, cwd=ready.root, env=environment, seconds=CYCLE_S) for step in steps)

    return through
