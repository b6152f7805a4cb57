"""A module of the functions, imported flat as Cloud Functions does."""

import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from biaac.settings import ROOT

SOURCE = ROOT / "functions"


def _forget() -> None:
    for path in SOURCE.glob("*.py"):
        sys.modules.pop(path.stem, None)


@pytest.fixture
def statuses(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(SOURCE))
    _forget()
    import status

    yield status
    _forget()
