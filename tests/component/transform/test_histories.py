"""Random histories of a source: after each, Gold equals a model in plain Python, and a build from nothing at the end.

Rows are added, corrected, moved, deleted and sent again, with NULL in any column; syncs fail; streams are cleared or
refreshed; files are erased, rewritten and put back by hand; runs are killed. Hypothesis prints the steps that failed.
"""

import shutil
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from biaac.runs import Outcome
from tests.company import Row
from tests.component.transform.test_parcels import HERE
from tests.component.transform.warehouse import CHANGED_AT, Warehouse

PARCELS, DEPOTS = "post/parcels", "post/depots"
KILLS = [r"^PUT ledger/", "^SQL .*INSERT INTO", "^PUT gold/", "^PUT manifests/", "^PUT lake/.*/state", "^PUT releases/"]
number = count(1)

parcel = st.fixed_dictionaries(
    {
        "order_id": st.integers(1, 3) | st.none(),
        "parcel": st.sampled_from(["A", "B'", "", None]),
        "depot": st.sampled_from(["north", "O'Hara", "a/b", "", None]),
        "sent_at": st.sampled_from([CHANGED_AT, None]),
        "cost": st.integers(0, 10**6).map(lambda cents: cents / 100) | st.none(),
        "deleted_at": st.sampled_from([None, None, CHANGED_AT]),
    }
)
parcels = st.lists(parcel, max_size=6)
depots = st.dictionaries(st.sampled_from(["north", "O'Hara", ""]), st.sampled_from(["up", "down", None]), min_size=1)
STEPS = ["sync", "sync", "sync", "fail", "send_again", "replace", "clear", "clear_list", "erase", "put_back", "rewrite"]


@pytest.fixture
def company_folder(company_folder: Path) -> Path:
    shutil.copytree(HERE, company_folder, dirs_exist_ok=True)
    return company_folder


class History:
    """What Bronze holds of both streams, by job, and which jobs succeeded."""

    def __init__(self, warehouse: Warehouse, data: st.DataObject) -> None:
        self.warehouse, self.data = warehouse, data
        self.parcels: dict[int, list[Row]] = {}
        self.depots: dict[int, dict[str, str | None]] = {}
        self.erased: dict[int, list[Row]] = {}
        self.succeeded: set[int] = set()
        self.generation = 0

    def sync(self) -> None:
        self._sync(self.data.draw(parcels), "succeeded")

    def fail(self) -> None:
        self._sync(self.data.draw(parcels), "failed")

    def send_again(self) -> None:
        self._sync(self.parcels[max(self.parcels)] if self.parcels else [], "succeeded")

    def replace(self) -> None:
        """A refresh that removes what was there before."""
        before = list(self.parcels)
        self.generation += 1
        self.sync()
        for job in before:
            self._delete(job)

    def clear(self) -> None:
        for job in list(self.parcels):
            self._delete(job)

    def clear_list(self) -> None:
        for blob in self.warehouse.files_of(DEPOTS):
            blob.delete()
        self.depots.clear()

    def erase(self) -> None:
        if self.parcels:
            job = self.data.draw(st.sampled_from(sorted(self.parcels)))
            self.erased[job] = self.parcels[job]
            self._delete(job)

    def put_back(self) -> None:
        if self.erased:
            self._write(*self.erased.popitem())

    def rewrite(self) -> None:
        if self.parcels:
            job = self.data.draw(st.sampled_from(sorted(self.parcels)))
            self._write(job, self.parcels[job][:-1] or [self.data.draw(parcel)])

    def gold(self) -> list[tuple[Any, ...]]:
        """Of each key the version that was sent last, if it stands, with today's region of its depot."""
        newest: dict[tuple[Any, ...], Row] = {}
        last = max(self.succeeded, default=0)
        for job in sorted(job for job in self.parcels if job <= last):
            numbered = sorted(enumerate(self.parcels[job]), key=lambda row: f"{job}-{PARCELS}-{row[0]}")
            newest |= {(row["order_id"], row["parcel"]): row for _, row in numbered}
        listed = self.depots[max(jobs)] if (jobs := self.succeeded & self.depots.keys()) else {}
        rows = [
            (
                *key,
                row["depot"],
                row["sent_at"] and row["sent_at"].replace(tzinfo=None),
                row["cost"],
                listed.get(row["depot"]),
            )
            for key, row in newest.items()
            if row["deleted_at"] is None
        ]
        return sorted(rows, key=repr)

    def _sync(self, rows: list[Row], status: str) -> None:
        listed = self.data.draw(depots)
        job = len(self.warehouse.airbyte.jobs) + 1
        self._write(job, rows)
        if status == "succeeded":
            for blob in self.warehouse.files_of(DEPOTS):
                blob.delete()
            self.depots.clear()
            self.succeeded.add(job)
        self.depots[job] = listed
        list_ = [{"depot": depot, "region": region} for depot, region in listed.items()]
        self.warehouse.write(DEPOTS, list_, job=job, generation=job)
        self.warehouse.end("post", status=status)

    def _write(self, job: int, rows: list[Row]) -> None:
        self.warehouse.write(PARCELS, rows, job=job, generation=self.generation)
        if rows:
            self.parcels[job] = rows

    def _delete(self, job: int) -> None:
        for blob in self.warehouse.files_of(PARCELS, job=job):
            blob.delete()
        del self.parcels[job]


def gold(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    columns = ("order_id", "parcel", "depot", "sent_at", "cost", "region")
    rows = [[row[column] for column in columns] for row in warehouse.rows("gold.parcels")]
    return sorted(((*row[:4], row[4] if row[4] is None else float(row[4]), row[5]) for row in rows), key=repr)


def follow(warehouse: Warehouse, data: st.DataObject) -> None:
    warehouse = warehouse.with_environment(BIAAC_ENVIRONMENT=f"history{next(number)}")
    warehouse.airbyte.jobs.clear()
    for blob in warehouse.bronze.list_blobs():
        blob.delete()
    history = History(warehouse, data)
    history.sync()
    for turn in range(data.draw(st.integers(2, 4))):
        for step in data.draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=3)):
            getattr(history, step)()
        for point in data.draw(st.lists(st.sampled_from(KILLS), max_size=1)):
            warehouse.attempt(execution=f"turn-{turn}", kill_before=point)
        run = warehouse.transform(execution=f"turn-{turn}")
        assert run.outcome is not Outcome.REJECTED, run.message
        assert gold(warehouse) == history.gold()
    fresh = warehouse.with_environment(BIAAC_ENVIRONMENT=f"history{next(number)}")
    fresh.transform()
    assert [file.digest for file in fresh.manifest("gold.parcels").files] == [
        file.digest for file in warehouse.manifest("gold.parcels").files
    ]


GENERATED = settings(deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


@settings(GENERATED, max_examples=1)
@given(data=st.data())
def test_after_any_history_gold_is_what_the_source_has(warehouse: Warehouse, data: st.DataObject) -> None:
    follow(warehouse, data)


@pytest.mark.longest
@settings(GENERATED, max_examples=12)
@given(data=st.data())
def test_after_many_histories_gold_is_what_the_source_has(warehouse: Warehouse, data: st.DataObject) -> None:
    follow(warehouse, data)
