"""Promotion, rollback, pinning and warming: which release answers, and which files are fetched for it."""

import threading
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import flight

from biaac import releases
from cache_service.catalogue import Catalogue
from tests.component.cache.conftest import PRODUCTS, orders
from tests.component.cache.service import PATIENCE_S, Cache, Lake, build, eventually, put_warm_statements
from tests.stand_ins.conftest import start
from tests.stand_ins.servers import Start

__all__ = ["start"]  # a fixture of another folder, used here as it is

COUNT = "SELECT count(*) FROM gold.orders"
PRODUCT_COUNT = "SELECT count(*) FROM gold.products"


def test_a_lake_without_a_release_says_so_and_answers_the_rest(cache: Cache, lake: Lake) -> None:
    cache.start()
    with pytest.raises(flight.FlightUnavailableError, match="55000: no release yet: nothing has been promoted in prod"):
        cache.rows(COUNT)
    assert cache.value("SELECT 1") == 1
    assert cache.rows("SELECT * FROM biaac.releases") == []
    assert cache.status()["release"] is None
    lake.publish({"gold.orders": [orders(0, 10)]})
    eventually(lambda: cache.status()["release"], what="the first release is seen")
    assert cache.value(COUNT) == 10


def test_a_promotion_is_seen_by_itself_and_a_rollback_shows_the_old_numbers(cache: Cache, lake: Lake) -> None:
    first = lake.publish({"gold.orders": [orders(0, 10)]})
    cache.start()
    assert cache.value(COUNT) == 10
    second = lake.candidate({"gold.orders": [orders(0, 10), orders(10, 25)]})
    assert cache.value(COUNT) == 10
    assert cache.value(COUNT, second) == 25  # a candidate may be asked by name
    releases.promote(lake.lake, "prod", second)
    eventually(lambda: cache.value(COUNT) == 25, what="the promotion is seen")
    assert cache.value(COUNT, first) == 10

    releases.roll_back(lake.lake, "prod", None, by="a person", reason="a test")
    eventually(lambda: cache.value(COUNT) == 10, what="the rollback is seen")
    assert cache.status()["held"] is True
    assert cache.rows("SELECT is_held FROM biaac.releases WHERE is_current") == [{"is_held": True}]


def test_the_pointer_is_read_again_once_it_is_a_second_old(lake: Lake) -> None:
    now = 100.0
    catalogue = Catalogue(lake.lake, "prod", clock=lambda: now)
    first = lake.publish({"gold.orders": [orders(0, 10)]})
    assert catalogue.current().pointer == releases.Pointer(release=first)
    second = lake.publish({"gold.orders": [orders(0, 20)]})
    now += 0.99
    assert catalogue.current().pointer == releases.Pointer(release=first)
    now += 0.01
    assert catalogue.current().pointer == releases.Pointer(release=second)


def test_under_promotions_every_answer_is_of_one_whole_release(cache: Cache, lake: Lake) -> None:
    def tables(size: int) -> dict[str, list[str]]:
        return {
            "gold.orders": [orders(0, size)],
            "gold.products": [f"SELECT range AS product_id FROM range({size})"],
        }

    lake.publish(tables(5))
    cache.start(workers=2)
    both = "SELECT (SELECT count(*) FROM gold.orders) AS s, (SELECT count(*) FROM gold.products) AS p"
    answers: list[tuple[int, int]] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            (row,) = cache.rows(both)
            answers.append((row["s"], row["p"]))

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    try:
        for size in (6, 7, 8):
            lake.publish(tables(size))
            eventually(lambda size=size: answers and answers[-1][0] == size, what=f"{size} rows are seen")
    finally:
        done.set()
        for asker in askers:
            asker.join(PATIENCE_S)
    assert {s - p for s, p in answers} == {0}
    assert {s for s, _ in answers} == {5, 6, 7, 8}


def test_warming_loads_a_candidate_and_answers_its_statements_while_the_old_answers(cache: Cache, lake: Lake) -> None:
    old, new = [orders(0, 10)], [orders(0, 10), orders(10, 30)]
    lake.publish({"gold.orders": old, "gold.products": [PRODUCTS]})
    cache.start()
    assert cache.value(COUNT) == 10
    put_warm_statements(lake, COUNT, PRODUCT_COUNT, "SELECT nope FROM gold.orders")
    candidate = lake.candidate({"gold.orders": new, "gold.products": [PRODUCTS]})

    warmed = cache.warm(candidate)
    only_new = [*lake.files(candidate, "gold.orders")[1:], *lake.files(candidate, "gold.products")]
    assert warmed["bytes_fetched"] == sum(file.bytes for file in only_new)
    assert (warmed["release"], warmed["tables"], warmed["statements"]) == (candidate, 2, 3)
    assert [failed["statement"] for failed in warmed["failed"]] == ["SELECT nope FROM gold.orders"]
    assert cache.value(COUNT) == 10

    assert cache.warm(candidate)["bytes_fetched"] == 0
    releases.promote(lake.lake, "prod", candidate)
    misses = cache.status()["results"]["miss"]
    eventually(lambda: cache.value(COUNT) == 30, what="the promotion is seen")
    assert cache.status()["results"]["miss"] == misses  # nobody met a cold one


def test_answers_of_an_unchanged_table_outlive_the_release(cache: Cache, lake: Lake) -> None:
    lake.publish({"gold.orders": [orders(0, 10)], "gold.products": [PRODUCTS]})
    cache.start()
    assert (cache.value(COUNT), cache.value(PRODUCT_COUNT)) == (10, 6)
    second = lake.publish({"gold.orders": [orders(0, 11)], "gold.products": [PRODUCTS]})
    before = cache.status()["results"]
    assert (cache.value(COUNT, second), cache.value(PRODUCT_COUNT, second)) == (11, 6)
    after = cache.status()["results"]
    assert (after["miss"] - before["miss"], after["hit"] - before["hit"]) == (1, 1)


def test_what_may_differ_is_never_kept(cache: Cache, lake: Lake) -> None:
    lake.publish({"gold.orders": [orders(0, 10)]})
    cache.start()
    # The quoted name, and one inside a subquery, are the planner's to understand, not a reader's of text.
    for sql in (
        "SELECT random() AS x",
        'SELECT "random"() AS x',
        "SELECT x FROM (SELECT uuid() AS x, order_id FROM gold.orders) LIMIT 1",
        "SELECT now() AS x",
    ):
        assert cache.value(sql) != cache.value(sql), sql
    cache.rows("SELECT current_date AS x")
    cache.rows("SELECT current_date AS x")
    assert cache.value("SELECT count(*) FROM biaac.queries") == 10
    assert cache.value("SELECT count(*) FROM biaac.queries") == 11
    assert cache.status()["results"]["entries"] == 0
    assert cache.value("SELECT 'now() random()' AS x") == "now() random()"
    assert cache.status()["results"]["entries"] == 1


def test_parameters_are_part_of_what_is_kept(cache: Cache, lake: Lake) -> None:
    lake.publish({"gold.orders": [orders(0, 10)]})
    cache.start()
    with cache.adbc() as connection, connection.cursor() as cursor:
        for below in (3, 7, 3):
            cursor.execute(f"{COUNT} WHERE order_id < $1", (below,))
            assert cursor.fetchall() == [(below,)]
    results = cache.status()["results"]
    assert (results["hit"], results["miss"], results["hit_rate"]) == (1, 2, 0.3333)


def test_a_corrupt_file_fails_the_warming_with_its_reason_and_the_old_release_stays(cache: Cache, lake: Lake) -> None:
    lake.publish({"gold.orders": [orders(0, 10)]})
    cache.start()
    candidate = lake.candidate({"gold.orders": [orders(0, 20)]})
    (file,) = lake.files(candidate, "gold.orders")
    whole = lake.lake.blob(file.path).download_as_bytes()
    lake.lake.blob(file.path).upload_from_string(whole[:-9] + bytes(9))
    with pytest.raises(pa.ArrowException, match=f"XX001: .*{file.digest}.parquet: content does not match"):
        cache.warm(candidate)
    with pytest.raises(pa.ArrowException, match=r"XX001: .*content does not match its digest"):
        cache.rows(COUNT, candidate)
    assert cache.value(COUNT) == 10

    lake.lake.blob(file.path).delete()
    with pytest.raises(pa.ArrowException, match=f"XX001: .*{file.digest}.parquet: missing"):
        cache.warm(candidate)
    lake.lake.blob(file.path).upload_from_string(whole)
    assert cache.warm(candidate)["bytes_fetched"] == len(whole)
    assert cache.value(COUNT, candidate) == 20
    assert cache.status()["workers_lost"] == 0  # a bad file is no fault of a worker


def test_warming_what_is_not_there_is_refused(cache: Cache, lake: Lake) -> None:
    cache.start()
    with pytest.raises(pa.ArrowException, match="3D000: release 000009-0123456789ab does not exist in prod"):
        cache.warm("000009-0123456789ab")
    with pytest.raises(pa.ArrowException, match="this instance serves prod, not preview"):
        cache.act("warm", {"environment": "preview", "release": "000009-0123456789ab"})
    with pytest.raises(pa.ArrowException, match="08P01: warm: the body is"):
        cache.act("warm", {"release": 1})


def test_the_disk_keeps_the_current_release_and_no_more_than_it_may(cache: Cache, lake: Lake) -> None:
    # Three tables of 1.2 MiB on a disk of 2 MiB; random text, so that no encoding makes them small.
    large = [
        f"SELECT (hash(range + {start}) >> 1)::BIGINT AS order_id, md5('{start}' || range) AS channel FROM range(25000)"
        for start in (1, 2, 3)
    ]
    cache.start(disk_mib=2)
    ids = [lake.publish({"gold.orders": [query]}) for query in large]
    for release in ids:
        assert cache.value("SELECT count(*) FROM gold.orders", release) == 25000
    assert cache.status()["disk"]["files"] < 3
    current = lake.files(ids[-1], "gold.orders")[0].digest
    assert list((cache.directory / "tables").glob(f"{current}.*"))
    assert cache.value("SELECT max(channel) >= '' FROM gold.orders", ids[0]) is True  # fetched again


def test_a_storage_outage_leaves_the_last_release_in_place(start: Start, tmp_path: Path) -> None:
    storage = start("stand_ins.storage", "--root", tmp_path / "storage")
    cache, lake = build(storage.url, tmp_path)
    lake.publish({"gold.orders": [orders(0, 10)]})
    try:
        cache.start()
        assert cache.value(COUNT) == 10
        storage.kill()
        eventually(lambda: cache.status()["pointer_age_seconds"] > 2, what="the last reading gets old")
        assert cache.value(COUNT) == 10
        assert cache.value("SELECT max(order_id) FROM gold.orders") == 9
        assert "pointer not read, the last one stands" in cache.log.read_text()
    finally:
        cache.stop()
