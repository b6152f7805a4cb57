"""The functions' modules, imported flat as Cloud Functions does."""

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
def edges(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(SOURCE))
    _forget()
    import edges

    yield edges
    _forget()


@pytest.fixture
def coalescing(edges: ModuleType) -> ModuleType:
    import coalescing

    return coalescing
