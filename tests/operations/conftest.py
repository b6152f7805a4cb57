"""A stack with data, and files of it with a fault in them."""

from pathlib import Path

import pytest

from tests.stack import Stack


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text, f"{path}: {old}"
    path.write_text(text.replace(old, new, 1))


@pytest.fixture(scope="module")
def ready(stack: Stack) -> Stack:
    """A stack with a release: that of the end-to-end tests, or a week of the data where these tests run alone."""
    if stack.release() is None:
        edit(stack.root / "connections/grocery.yaml", "config:", "config:\n    through: 2017-01-07")
        stack.sync_by_schedule()
    return stack
