"""The fixtures of other rooms, on the demo's own files."""

from pathlib import Path

import pytest

from biaac.settings import ROOT
from tests.component.gateways.conftest import cloud, jobs, laptop, metadata, postgres, s3
from tests.component.ingestion.conftest import scripted
from tests.component.transform.conftest import warehouse

__all__ = ["cloud", "jobs", "laptop", "metadata", "postgres", "s3", "scripted", "warehouse"]


@pytest.fixture
def company_folder() -> Path:
    return ROOT
