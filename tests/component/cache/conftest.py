"""Lakes and services: one of each for questions that change nothing, fresh ones for those that do."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

from tests.component.cache.service import Cache, Lake, build

ORDERS = """
SELECT range AS order_id, range % 7 AS product_id,
       CASE range % 4 WHEN 0 THEN 'WEB' WHEN 1 THEN 'SHOP' WHEN 2 THEN 'Balcão ☎' END AS channel,
       CAST(range * 1.37 - 20 AS DECIMAL(18, 2)) AS amount,
       CASE WHEN range % 5 > 0 THEN CAST(range % 5 AS INTEGER) END AS quantity,
       DATE '2017-01-01' + CAST(range % 90 AS INTEGER) AS ordered_on,
       TIMESTAMP '2017-01-01 08:00:00' + INTERVAL 1 HOUR * range AS ordered_at
FROM range({start}, {end})
"""
PRODUCTS = "SELECT range AS product_id, 'product ' || range AS name, '[1, 2]'::JSON AS tags FROM range(6)"
EMPTY = "SELECT 1::BIGINT AS id, 'x' AS name, DATE '2017-01-01' AS day, 1.5::DECIMAL(9, 3) AS amount LIMIT 0"


class Standing(NamedTuple):
    """The running service, its lake and release, and DuckDB over the same files."""

    cache: Cache
    lake: Lake
    release: str
    oracle: duckdb.DuckDBPyConnection


def orders(start: int, end: int) -> str:
    """Sales lines of baskets ``start`` to ``end``."""
    return ORDERS.format(start=start, end=end)


@pytest.fixture
def built(storage_server: str, tmp_path: Path) -> Iterator[tuple[Cache, Lake]]:
    """A lake without a release, and a service over it that is not started."""
    cache, lake = build(storage_server, tmp_path)
    yield cache, lake
    cache.stop()


@pytest.fixture
def cache(built: tuple[Cache, Lake]) -> Cache:
    return built[0]


@pytest.fixture
def lake(built: tuple[Cache, Lake]) -> Lake:
    return built[1]


@pytest.fixture(scope="module")
def standing(storage_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """A service that runs over one release, for all questions of a file that change neither."""
    folder = tmp_path_factory.mktemp("standing")
    cache, lake = build(storage_server, folder)
    release = lake.publish(
        {"gold.orders": [orders(0, 800), orders(800, 1000)], "gold.products": [PRODUCTS], "gold.empty": [EMPTY]}
    )
    cache.start(query_cpu_seconds=3, workers=2, worker_mib=512)
    yield Standing(cache, lake, release, lake.oracle(release, folder))
    cache.stop()
