"""The fixtures of other rooms, on the demo's own files."""

from pathlib import Path

import pytest

from biaac.settings import ROOT
from tests.component.ingestion.conftest import scripted
from tests.component.transform.conftest import jobs, warehouse

__all__ = ["jobs", "scripted", "warehouse"]


@pytest.fixture
def company_folder() -> Path:
    return ROOT
