"""Keys and partitions compare as GROUP BY compares, and what Bronze has no more is gone from Gold."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from biaac import runs
from biaac.runs import Outcome
from biaac.settings import ROOT
from tests.company import Row
from tests.component.transform.warehouse import CHANGED_AT, ORDERS, Warehouse

HERE = ROOT / "tests/component/transform/parcels"


@pytest.fixture
def company_folder(company_folder: Path) -> Path:
    """The small company has a carrier, too."""
    shutil.copytree(HERE, company_folder, dirs_exist_ok=True)
    return company_folder


def parcel(order_id: int | None, parcel: str | None, cost: float | None, depot: str | None, **more: Any) -> Row:
    return {"order_id": order_id, "parcel": parcel, "cost": cost, "depot": depot, "sent_at": CHANGED_AT} | more


def costs(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    rows = [
        (row["order_id"], row["parcel"], row["depot"], float(row["cost"])) for row in warehouse.rows("gold.parcels")
    ]
    return sorted(rows, key=str)


def test_rows_with_null_in_their_key_or_partition_are_corrected_moved_and_added(warehouse: Warehouse) -> None:
    warehouse.sync(
        "post", parcels=[parcel(1, None, 10.0, "O'Hara"), parcel(1, "A", 7.0, None), parcel(None, None, 1.0, "")]
    )
    warehouse.transform()
    assert costs(warehouse) == [(1, "A", None, 7.0), (1, None, "O'Hara", 10.0), (None, None, "", 1.0)]
    warehouse.sync(
        "post", parcels=[parcel(1, None, 15.0, "O'Hara"), parcel(2, None, 5.0, None), parcel(None, None, 2.0, "a/b")]
    )
    warehouse.transform()
    assert costs(warehouse) == [
        (1, "A", None, 7.0),
        (1, None, "O'Hara", 15.0),
        (2, None, None, 5.0),
        (None, None, "a/b", 2.0),
    ]
    assert {file.partition for file in warehouse.manifest("gold.parcels").files} == {"O'Hara", "a/b", None}
    warehouse.sync("post", parcels=[parcel(1, "A", 7.5, None)])
    warehouse.transform()
    assert costs(warehouse)[0] == (1, "A", None, 7.5) and len(costs(warehouse)) == 4


def test_a_deletion_that_the_models_filter_leaves_out_empties_its_partition(warehouse: Warehouse) -> None:
    warehouse.sync(
        "post", parcels=[parcel(1, None, 10.0, "north"), parcel(2, None, 20.0, "south"), parcel(3, None, 3.0, None)]
    )
    warehouse.transform()
    gone = [parcel(number, None, None, depot, deleted_at=CHANGED_AT) for number, depot in ((2, "south"), (3, None))]
    warehouse.sync("post", parcels=gone)
    warehouse.transform()
    assert costs(warehouse) == [(1, None, "north", 10.0)]
    warehouse.sync(
        "post", parcels=[parcel(1, None, None, None, deleted_at=CHANGED_AT)]
    )  # the key alone, as CDC sends it
    warehouse.transform()
    assert warehouse.manifest("gold.parcels").files == []


def equals_a_build_from_nothing(warehouse: Warehouse, name: str) -> None:
    """The same Bronze in an empty lake: every table has files of the same digests."""
    fresh = warehouse.with_environment(BIAAC_ENVIRONMENT=name)
    fresh.transform()
    for table in warehouse.release().tables:
        digests = [sorted(file.digest for file in side.manifest(table).files) for side in (warehouse, fresh)]
        assert digests[0] == digests[1], table


def cleared(warehouse: Warehouse, stream: str, *, job: int | None = None) -> None:
    for blob in warehouse.files_of(stream, job=job):
        blob.delete()


def test_rows_that_are_gone_from_bronze_are_gone_from_gold(warehouse: Warehouse) -> None:
    """Erased by hand, cleared, synced again, its list cleared, put back: without a sync of their own, too."""
    first = warehouse.sync("post", parcels=[parcel(1, None, 1.0, "north"), parcel(2, None, 2.0, None)], depots=DEPOTS)
    erased = warehouse.sync(
        "post", parcels=[parcel(1, None, 9.0, "south"), parcel(3, None, 3.0, "east")], depots=DEPOTS
    )
    warehouse.transform()
    assert costs(warehouse) == [(1, None, "south", 9.0), (2, None, None, 2.0), (3, None, "east", 3.0)]

    kept = {blob.name: blob.download_as_bytes() for blob in warehouse.files_of("post/parcels", job=erased)}
    cleared(warehouse, "post/parcels", job=erased)
    warehouse.transform(reason="sweep")
    assert costs(warehouse) == [(1, None, "north", 1.0), (2, None, None, 2.0)]
    equals_a_build_from_nothing(warehouse, "erased")

    for name, data in kept.items():
        warehouse.bronze.blob(name).upload_from_string(data)
    warehouse.transform(reason="sweep")
    assert len(costs(warehouse)) == 3, "put back by hand"

    warehouse.write("post/parcels", [parcel(2, None, 2.5, None)], job=first, generation=0)  # rewritten without a person
    warehouse.transform(reason="sweep")
    assert costs(warehouse) == [(1, None, "south", 9.0), (2, None, None, 2.5), (3, None, "east", 3.0)]

    cleared(warehouse, "post/parcels")
    cleared(warehouse, "post/depots")
    code, output = warehouse.attempt(execution="cleared", kill_before="^PUT releases/")
    assert code == -9, output
    warehouse.transform(execution="cleared")
    assert costs(warehouse) == []
    job = warehouse.sync("post", depots=DEPOTS[:1])
    warehouse.write("post/parcels", [parcel(3, None, 4.0, "north")], job=job, generation=1)
    warehouse.transform()
    assert [(row["cost"], row["region"]) for row in warehouse.rows("gold.parcels")] == [(4, "up")]
    equals_a_build_from_nothing(warehouse, "synced")
    assert warehouse.transform(reason="sweep").release == warehouse.release().id


DEPOTS = [{"depot": "north", "region": "up"}, {"depot": "south", "region": "down"}]


def test_a_table_whose_streams_were_never_synced_waits_and_says_for_what(warehouse: Warehouse) -> None:
    warehouse.sync("shop", orders=ORDERS)
    warehouse.transform()
    release = warehouse.release()
    assert release.waiting == {"gold.parcels": ["post/depots", "post/parcels"], "gold.tickets": ["support/tickets"]}
    assert set(release.tables) == {"gold.orders", "gold.customers"}
    assert {metric.table for metric in release.metrics} == {"gold.orders"}
    assert not {audit.model for audit in release.audits} & {*release.waiting}
    warehouse.sync("post")  # a sync that brings nothing is a sync
    warehouse.transform()
    assert set(warehouse.release().waiting) == {"gold.tickets"} and warehouse.manifest("gold.parcels").rows == 0


def test_a_business_time_later_than_its_sync_is_shown_and_moves_no_table(warehouse: Warehouse) -> None:
    year_2071 = CHANGED_AT.replace(year=2071)
    warehouse.sync("shop", orders=ORDERS)
    warehouse.sync("post", parcels=[parcel(1, None, 1.0, None), parcel(2, None, 2.0, None, sent_at=year_2071)])
    run = warehouse.transform()
    release = warehouse.release()
    assert (release.as_of("gold.parcels"), release.tables["gold.parcels"].streams) == (
        CHANGED_AT,
        ["post/depots", "post/parcels"],
    )
    assert release.as_of("gold.orders") == CHANGED_AT
    (late,) = [audit for audit in run.audits if audit.audit == "not_later_than_its_sync(column := sent_at)"]
    assert (late.model, late.rows, late.outcome) == ("post/parcels", 2, "warned")  # each row arrives twice
    (rows,) = [rows for rows in runs.offending(warehouse.ops, "prod", run.execution) if rows.model == "post/parcels"]
    assert {dict(zip(rows.columns, row, strict=True))["order_id"] for row in rows.rows} == {"2"}


def test_a_run_that_fails_is_recorded_until_another_start_of_it_decides(warehouse: Warehouse) -> None:
    warehouse.sync("post", parcels=[parcel(1, None, 1.0, None)])
    torn = warehouse.bronze.blob("post/parcels/2026_11_24_1790000000009_0.parquet")
    torn.upload_from_string(b"PAR1 torn")
    code, _ = warehouse.attempt(execution="torn")
    assert code == 2, "another start cannot help"
    run = runs.get(warehouse.ops, "prod", "torn")
    assert run.outcome is Outcome.FAILED and "1790000000009_0.parquet: not a Parquet file" in run.message
    torn.delete()
    assert warehouse.transform(execution="torn").outcome is Outcome.PUBLISHED
