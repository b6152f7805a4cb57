"""Once a day the job gives back storage: no reader is harmed, the next tick is right, and the storage shrinks."""

import re
from datetime import UTC, datetime, timedelta

import duckdb
import httpx
import pytest
from sqlmesh.core.config.connection import DuckDBAttachOptions

from tests.component.gateways.conftest import Postgres, same_gold
from tests.component.transform.warehouse import ORDERS, Warehouse, order
from transform.gateways import engine
from transform.gateways.gcp import Cloud
from transform.settings import CloudLakeSettings


def parquet(s3: str, cloud: Warehouse) -> set[str]:
    """Names of the objects of the working tables."""
    query = {"list-type": "2", "prefix": f"lake/{cloud.settings.environment}/"}
    listed = httpx.get(f"{s3}/{cloud.settings.lake_bucket}", params=query, timeout=300).text
    return set(re.findall(r"<Key>([^<]+\.parquet)</Key>", listed))


def days_pass(postgres: Postgres, cloud: Warehouse, days: float, up_to: int = 1_000_000) -> None:
    """Snapshots up to one, and the files given up so far, are that much older."""
    schema, age = f'"{cloud.settings.environment}"', f"INTERVAL '{days * 24} hours'"
    for statement in (
        f"ducklake_snapshot SET snapshot_time = snapshot_time - {age} WHERE snapshot_id <= {up_to}",
        f"ducklake_files_scheduled_for_deletion SET schedule_start = schedule_start - {age}",
    ):
        postgres.execute(f"UPDATE {schema}.{statement}", database="lake")


def person(cloud: Warehouse) -> duckdb.DuckDBPyConnection:
    """Somebody's own DuckDB on the working tables."""
    database = {name.lower(): cloud.environment[f"LAKE_DATABASE_{name}"] for name in ("HOST", "USER", "PASSWORD")}
    storage = engine.storage(cloud.settings.lake_bucket, cloud.environment["LAKE_STORAGE_EMULATOR_HOST"])
    secrets = {
        "__default_postgres": {"type": "postgres", "database": "lake", **database},
        "lake": {**storage, "key_id": "any", "secret": "any"},
    }
    attach = DuckDBAttachOptions(
        type="ducklake", path="postgres:application_name=person", metadata_schema=cloud.settings.environment
    )
    configured = engine.connection(attach, extensions=["httpfs", "postgres_scanner", "ducklake"], secrets=secrets)
    connection: duckdb.DuckDBPyConnection = configured.create_engine_adapter().cursor
    return connection


def version(connection: duckdb.DuckDBPyConnection) -> int:
    return int((connection.execute("SELECT MAX(snapshot_id) FROM lake.snapshots()").fetchone() or (0,))[0])


def orders(connection: duckdb.DuckDBPyConnection, at: int | None = None) -> list[tuple[object, ...]]:
    when = f" AT (VERSION => {at})" if at else ""
    (table,) = connection.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_name LIKE 'silver__orders__%'"
    ).fetchone() or ("",)
    rows: list[tuple[object, ...]] = connection.execute(
        f'SELECT COUNT(*), SUM(amount) FROM lake.sqlmesh__silver."{table}"{when}'
    ).fetchall()
    return rows


@pytest.mark.longest
def test_readers_within_the_grace_are_not_harmed_the_next_tick_is_right_and_storage_shrinks(
    cloud: Warehouse, laptop: Warehouse, postgres: Postgres, s3: str
) -> None:
    cloud.sync(orders=ORDERS)
    cloud.transform()
    reader = person(cloud)
    first = version(reader)
    cloud.sync(orders=[order(7, "2026-06-03", 1.25)])
    cloud.transform()
    second, rows, before = version(reader), orders(reader), parquet(s3, cloud)
    days_pass(postgres, cloud, 3, up_to=first)
    days_pass(postgres, cloud, 0.5)

    reader.execute("BEGIN")
    assert orders(reader) == rows
    cloud.sync(orders=[order(8, "2026-06-04", 2.25)])
    _, output = cloud.attempt()
    assert re.search(r"[1-9]\d* snapshots forgotten, 0 old files and 0 orphans deleted", output)
    assert orders(reader) == rows  # a query of before goes on
    reader.execute("COMMIT")
    assert orders(reader) != rows and orders(reader, at=second) == rows  # and so does looking at an hour ago
    with pytest.raises(duckdb.Error, match=f"{first}"):
        orders(reader, at=first)
    assert before <= parquet(s3, cloud)

    days_pass(postgres, cloud, 3)
    dead = f"lake/{cloud.settings.environment}/sqlmesh__silver/ducklake-of-a-dead-run.parquet"
    httpx.put(f"{s3}/{cloud.settings.lake_bucket}/{dead}", content=b"PAR1").raise_for_status()
    cloud.sync(orders=[order(9, "2026-06-05", 3.25)])
    held = parquet(s3, cloud)
    _, output = cloud.attempt()
    assert re.search(r"[1-9]\d* old files and 0 orphans deleted", output)
    assert before - parquet(s3, cloud) and dead in parquet(s3, cloud)  # it might be somebody's who is just writing it
    line = Cloud(CloudLakeSettings.load()).tidy(reader, datetime.now(UTC) + timedelta(days=3))
    assert line is not None and line.endswith(" 1 orphans deleted") and dead not in parquet(s3, cloud)
    assert len(parquet(s3, cloud)) < len(held)

    cloud.sync(orders=[order(10, "2026-07-05", 4.25)])
    for side in (laptop, cloud):
        side.transform()
    same_gold(cloud, laptop)
