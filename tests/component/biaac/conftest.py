"""A lake on the real storage server, and releases to put into it."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from google.cloud.storage import Bucket

from biaac import releases


@pytest.fixture
def candidate(lake: Bucket) -> Callable[..., str]:
    """Write the next candidate of ``prod`` and return its id."""

    def write(*audits: releases.AuditOutcome) -> str:
        parent = releases.latest(lake, "prod")
        release = releases.Release(
            environment="prod",
            parent=parent.id if parent else None,
            sequence=parent.sequence + 1 if parent else 1,
            created_at=datetime.now(UTC),
            revision="test",
            models="test",
            execution="test",
            loads=[],
            freshness=[],
            audits=list(audits),
            metrics=[],
            tables={},
        )
        return releases.write(lake, release)

    return write
