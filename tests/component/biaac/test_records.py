"""What an older version may meet after a newer one has written: it is refused by name, never misread."""

from collections.abc import Callable
from typing import Any

import pytest
from google.cloud.storage import Bucket

from biaac import objects, releases, runs
from biaac.errors import PermanentError
from transform import ledger

READERS: dict[str, Callable[[Bucket], Any]] = {
    "releases/prod/000001-0123456789ab.json": lambda bucket: releases.read(bucket, "prod", "000001-0123456789ab"),
    "releases/prod/current": lambda bucket: releases.pointer(bucket, "prod"),
    "runs/prod/7.json": lambda bucket: runs.read(bucket, "prod", "7"),
    "ledger/prod.json": lambda bucket: ledger.read(bucket, "prod"),
}


@pytest.mark.parametrize("name", READERS)
def test_a_record_of_a_newer_format_is_refused_by_name(lake: Bucket, name: str) -> None:
    objects.create(lake, name, {"format": 9, "new": True})
    with pytest.raises(PermanentError) as error:
        READERS[name](lake)
    assert error.value.message.rstrip("12") == f"{name}: written in format 9, this version reads up to "
    assert error.value.hint == "upgrade this installation"


@pytest.mark.parametrize("name", READERS)
def test_a_record_that_is_damaged_is_refused_by_name(lake: Bucket, name: str) -> None:
    objects.create(lake, name, {"unknown": True})
    with pytest.raises(PermanentError, match=f"{name}: not a "):
        READERS[name](lake)


def test_the_history_of_runs_names_the_one_it_cannot_read(lake: Bucket) -> None:
    objects.create(lake, "runs/prod/7.json", {"format": 9})
    with pytest.raises(PermanentError, match=r"runs/prod/7\.json: written in format 9"):
        runs.history(lake, "prod", limit=5)
