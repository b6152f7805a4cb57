"""The small company's tables and metrics, as its models describe them."""

from datetime import date
from pathlib import Path

import pytest

from biaac.releases import Column
from compiler.catalog import Catalog, Table
from transform import metrics

COMPANY = Path("tests/company")
TABLES = {
    "gold.orders": {"ordered_at": "TIMESTAMP", "order_day": "DATE", "amount": "DECIMAL(18,2)", "channel": "VARCHAR"}
    | {"country": "VARCHAR"},
    "gold.tickets": {"opened_at": "TIMESTAMP", "opened_day": "DATE", "closed_at": "TIMESTAMP", "topic": "VARCHAR"}
    | {"score": "BIGINT"},
}


@pytest.fixture
def catalog(repository: Path) -> Catalog:
    """Its data reaches into Friday, 1 December 2017."""
    tables = {
        name: Table(
            name=name,
            description=f"About {name}.",
            owner="shop@example.com",
            grain=[],
            columns=[Column(name=column, type=kind, description=f"About {column}.") for column, kind in types.items()],
        )
        for name, types in TABLES.items()
    }
    columns = {name: set(types) for name, types in TABLES.items()}
    return Catalog(
        tables,
        metrics.load(repository / COMPANY / "sqlmesh_project/metrics", columns),
        dict.fromkeys(TABLES, date(2017, 12, 1)),
    )
