"""The examples in the docstrings of biaac are true."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["bronze", "connections"])
def test_examples_print_what_they_say(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"biaac.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
