"""docs/backup.md rehearsed on a running stack: what is deleted comes back, and the totals are the same to the cent."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from biaac import releases
from biaac.clients import storage_client
from biaac.settings import ROOT
from tests.conftest import wait_for
from tests.operations import runbook
from tests.operations.conftest import Walk
from tests.operations.test_runbooks import forget_cache
from tests.stack import CYCLE_S, Stack

PAGE = ROOT / "docs/backup.md"
TOTALS = "SELECT count(*), sum(amount), sum(discount) FROM gold.orders"


@pytest.fixture
def totals(ready: Stack) -> Iterator[object]:
    """The numbers before; they must be the same afterwards, from a cache that remembers nothing."""
    before = ready.rows(TOTALS)
    yield before
    forget_cache(ready)
    assert ready.rows(TOTALS) == before


def objects(bucket: Path) -> list[Path]:
    return [file for file in bucket.rglob("*") if file.is_file()]


def test_buckets_that_were_emptied_are_restored_from_the_copy(ready: Stack, walk: Walk, totals: object) -> None:
    storage = ready.root / ".biaac/state/storage"
    before = ready.release()
    walk("backup", "A file of the lake")
    for bucket in ("lake", "ops"):
        for file in objects(storage / bucket):
            file.unlink()
    assert ready.release() is None
    assert before is not None and before.id in walk("backup", "A bucket")
    assert ready.release() == before
    ready.biaac("sync", "shop")  # cursors, ledger and pointer are whole: it goes on from there
    after = ready.release()
    assert after is not None and after.parent == before.id


def test_one_overwritten_pointer_is_restored_from_the_copy(ready: Stack, walk: Walk, totals: object) -> None:
    pointer = ready.root / ".biaac/state/storage/lake/releases/prod/current"
    before = ready.release()
    walk("backup", "A file of the lake")
    pointer.unlink()
    walk("backup", "A bucket")
    assert ready.release() == before


@pytest.mark.longest
def test_a_lake_without_a_copy_is_built_again_from_bronze(ready: Stack, walk: Walk, totals: object) -> None:
    for file in objects(ready.root / ".biaac/state/storage/lake"):
        file.unlink()
    shutil.rmtree(ready.root / ".biaac/state/lake")
    assert ready.release() is None
    walk("backup", "The lake without a copy")
    now = ready.release()
    assert now is not None and now.sequence == 1
    lake = storage_client(ready.settings).bucket("lake")
    assert list(releases.ids(lake, "prod")) == [now.id]
    wait_for(lambda: ready.execution_state(now.execution) == "SUCCEEDED", seconds=CYCLE_S, what="the run has ended")


def test_every_block_for_the_laptop_is_followed_above() -> None:
    followed = ["A file of the lake", "A bucket", "The lake without a copy"]
    assert [title for title, blocks in runbook.blocks(PAGE).items() if blocks] == followed
