"""The lake's state is one object: torn, lost, newer, written by another, growing; and a person's hands on it."""

import io
import json
import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from biaac import cloud_run, objects
from biaac.errors import TransientError
from biaac.runs import Outcome
from tests.component.transform.test_killed import Source
from tests.component.transform.warehouse import ORDERS, Warehouse, order
from transform import lake_state
from transform.engine import Engine
from transform.settings import LakeSettings

STANDING = len([row for row in ORDERS if row["deleted_at"] is None])


@pytest.fixture(autouse=True)
def _restored_environment() -> Iterator[None]:
    """``fetched`` sets a variable for SQLMesh's configuration."""
    yield
    os.environ.pop("LAKE_STATE_DIR", None)


def state(warehouse: Warehouse) -> bytes:
    data: bytes = warehouse.lake.blob(lake_state.object_name(warehouse.settings.environment)).download_as_bytes()
    return data


def replace_state(warehouse: Warehouse, data: bytes) -> None:
    warehouse.lake.blob(lake_state.object_name(warehouse.settings.environment)).upload_from_string(data)


def by_hand(warehouse: Warehouse, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "transform.by_hand", *arguments],
        cwd=Path(warehouse.environment["COMPANY_DIR"]) / "sqlmesh_project",
        env=warehouse.environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data: data[: len(data) // 2], "is damaged"),
        (lambda data: data.replace(b"header.json", b"heaver.json"), "is damaged"),
        (lambda _: b"", "is damaged"),
        (lambda data: with_header(data, {"format": lake_state.FORMAT + 1, "duckdb": "1.0.0"}), "newer transform"),
        (lambda data: with_header(data, {"format": 1, "duckdb": "99.0.0"}), "newer transform"),
    ],
    ids=["half of it", "a name is missing", "empty", "of a newer format", "of a newer DuckDB"],
)
def test_a_state_that_cannot_be_read_is_refused_by_name_and_nothing_changes(
    stocked: Warehouse, damage: Callable[[bytes], bytes], words: str
) -> None:
    before, release = damage(state(stocked)), stocked.release()
    replace_state(stocked, before)
    stocked.sync(orders=[order(7, "2026-06-03", 1.25)])
    code, output = stocked.attempt()
    assert code != 0 and words in output and "PermanentError" in output and "Traceback" not in output, output
    assert f"gs://{stocked.settings.lake_bucket}/lake/{stocked.settings.environment}/state" in output
    assert state(stocked) == before and stocked.release() == release


def with_header(data: bytes, header: dict[str, object]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            new.writestr(name, json.dumps(header) if name == "header.json" else old.read(name))
    return packed.getvalue()


def test_a_lost_state_is_built_again_from_ledger_and_bronze(stocked: Warehouse, seed: int) -> None:
    source = Source(random.Random(seed))  # noqa: S311
    source.sync(stocked)
    stocked.lake.blob(lake_state.object_name(stocked.settings.environment)).delete()
    stocked.transform()
    assert stocked.orders() == source.gold_orders()
    assert stocked.lake_files() == stocked.named_files()


def test_a_missing_file_of_the_lake_is_a_persons_to_mend_by_the_command_in_the_message(warehouse: Warehouse) -> None:
    many = [order(number, "2026-04-03", 1.0) for number in range(1000)]  # more than the catalogue holds itself
    warehouse.sync(orders=many)
    warehouse.transform()
    for path in Path(warehouse.environment["LAKE_DATA_DIR"]).rglob("*.parquet"):
        path.unlink()
    warehouse.sync(orders=[order(1, "2026-04-03", 1.25)])
    code, output = warehouse.attempt()
    assert code != 0 and "PermanentError" in output, output
    assert "bin/sqlmesh forget" in output
    assert by_hand(warehouse, "forget").returncode == 0
    warehouse.transform()
    assert len(warehouse.orders()) == len(many)


def test_a_run_whose_state_another_has_changed_publishes_nothing_and_is_started_again(stocked: Warehouse) -> None:
    before = stocked.release()
    stocked.sync(orders=[order(7, "2026-06-03", 1.25)])
    code, output = stocked.attempt(execution="overtaken", rival=True)
    assert code != 0 and "TransientError" in output and "another writer was first" in output, output
    assert stocked.release() == before
    assert stocked.transform(execution="overtaken").outcome is Outcome.PUBLISHED
    assert len(stocked.orders()) == STANDING + 1


def test_the_state_does_not_grow_with_the_number_of_loads(warehouse: Warehouse) -> None:
    """Loads that write and delete as a model does, each a run of its own; the rows in the end are always as many."""
    sizes = []
    for load in range(16):
        with lake_state.fetched(warehouse.lake, LakeSettings.load()) as fetched:
            engine = Engine(fetched.settings)
            adapter = engine.config().connection.create_engine_adapter()
            adapter.cursor.execute("CREATE TABLE IF NOT EXISTS lake.main.rows (load INT, text TEXT)")
            adapter.cursor.execute(f"INSERT INTO lake.main.rows SELECT {load}, uuid()::TEXT FROM range(100)")
            adapter.cursor.execute(f"DELETE FROM lake.main.rows WHERE load < {load}")
            adapter.cursor.execute("CREATE OR REPLACE TABLE lake.main.whole AS SELECT * FROM lake.main.rows")
            assert adapter.cursor.execute("SELECT COUNT(*) FROM lake.main.whole").fetchone() == (100,)
            engine.compact(adapter.cursor)
            adapter.close()
            (fetched.folder / lake_state.SQLMESH_STATE).write_bytes(
                (fetched.folder / lake_state.CATALOGUE).read_bytes()
            )
            fetched.put_back()
        sizes.append(len(state(warehouse)))
    assert max(sizes[8:]) < 1.3 * max(sizes[2:8]), sizes


def test_a_person_is_refused_while_a_run_is_at_work_and_may_look_at_a_copy(stocked: Warehouse) -> None:
    before = state(stocked)
    running = cloud_run.execution_name(stocked.settings, "transform", "transform-running")
    stocked.living.add(running)
    objects.replace(
        stocked.lake,
        "locks/transform",
        {"owner": running},
        expected=objects.read(stocked.lake, "locks/transform").generation,
    )
    refused = by_hand(stocked, "plan", "--auto-apply")
    assert refused.returncode != 0 and "is at work" in refused.stderr and "Traceback" not in refused.stderr
    shown = by_hand(stocked, "fetchdf", "SELECT COUNT(*) AS orders FROM gold.orders")
    assert shown.returncode == 0 and "5" in shown.stdout, shown.stdout + shown.stderr
    assert state(stocked) == before


def test_a_persons_plan_that_fails_leaves_the_lake_as_it_was(stocked: Warehouse) -> None:
    before = state(stocked)
    model = Path(stocked.environment["COMPANY_DIR"]) / "sqlmesh_project/models/gold/customers.sql"
    model.write_text(model.read_text().replace("SELECT", "SELECT 1 / ,", 1))
    done = by_hand(stocked, "plan", "--auto-apply")
    assert done.returncode != 0 and "the lake is as it was before" in done.stderr
    assert state(stocked) == before


def test_of_two_writers_the_second_is_refused(stocked: Warehouse) -> None:
    with lake_state.fetched(stocked.lake, LakeSettings.load()) as slow:
        stocked.sync(orders=[order(7, "2026-06-03", 1.25)])
        stocked.transform()
        with pytest.raises(TransientError, match="another writer was first"):
            slow.put_back()
    assert len(stocked.orders()) == STANDING + 1
