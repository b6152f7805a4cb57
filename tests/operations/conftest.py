"""A stack with data."""

import pytest

from tests.stack import Stack


@pytest.fixture(scope="module")
def ready(stack: Stack) -> Stack:
    """A stack with a release: that of the end-to-end tests, or a first one where these tests run alone."""
    if stack.release() is None:
        stack.sync_by_schedule("shop")
        stack.sync_by_schedule("support")
    return stack
