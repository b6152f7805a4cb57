"""The small company whole: its connector writes Bronze, the transform makes Gold, and the totals are the known ones."""

from decimal import Decimal
from pathlib import Path

import pytest

from biaac import connections
from ingestion import job_records
from ingestion.job_records import Job, Kind, Status
from ingestion.settings import Settings
from ingestion.sync import perform
from tests import company
from tests.component.transform.warehouse import Warehouse


def sync(warehouse: Warehouse, name: str) -> None:
    """One sync by the ingestion room."""
    connection = connections.get(warehouse.settings.connections, name)
    now, number = job_records.now(), job_records.next_id(warehouse.ops)
    job = Job(id=number, connection=name, connection_id=connection.id, kind=Kind.SYNC, created_at=now, updated_at=now)
    job_records.create(warehouse.ops, job)
    perform(Settings.load(), name, number)
    done = job_records.find(warehouse.ops, number)
    assert done is not None and done.status is Status.SUCCEEDED, done
    warehouse.end(name)


def totals(warehouse: Warehouse) -> company.Totals:
    orders, tickets = warehouse.rows("gold.orders"), warehouse.rows("gold.tickets")
    as_of = {entry.data_as_of.date() for entry in warehouse.release().freshness if entry.data_as_of}
    assert len(as_of) == 1
    return company.Totals(
        day=as_of.pop(),
        orders=len(orders),
        revenue=sum((row["amount"] for row in orders), Decimal(0)),
        orders_by_month={str(file.partition): file.rows for file in warehouse.manifest("gold.orders").files},
        customers=warehouse.manifest("gold.customers").rows,
        tickets=len(tickets),
        open_tickets=sum(row["closed_at"] is None for row in tickets),
    )


def test_both_days_of_the_company_give_its_totals(
    warehouse: Warehouse, company_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.build_connector(tmp_path / "connectors")
    monkeypatch.setenv("CONNECTORS_DIR", str(tmp_path / "connectors"))
    for expected in (company.FIRST, company.NEXT_DAY):
        for name in ("shop", "support"):
            sync(warehouse, name)
        warehouse.transform()
        assert totals(warehouse) == expected
        company.pass_a_day(company_folder)
