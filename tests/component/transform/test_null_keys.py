"""Keys and partitions compare as GROUP BY compares: NULL is one of their values."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from biaac.settings import ROOT
from tests.company import Row
from tests.component.transform.warehouse import CHANGED_AT, Warehouse

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
