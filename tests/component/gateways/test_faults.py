"""What goes wrong outside on gateway gcp: named with host, database and user, never with the password."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.component.gateways.conftest import SECRET, Postgres, same_gold
from tests.component.transform.warehouse import ORDERS, Warehouse


def refused(cloud: Warehouse) -> str:
    """What a run says that ends without a decision."""
    code, output = cloud.attempt()
    assert code == 1 and "Traceback" not in output and SECRET not in output, output
    return output


def test_a_wrong_password_is_a_persons_to_mend(cloud: Warehouse, postgres: Postgres) -> None:
    cloud.sync(orders=ORDERS)
    cloud.environment["LAKE_DATABASE_PASSWORD"] += "typo"
    output = refused(cloud)
    assert "PermanentError" in output
    assert f"Postgres at {postgres.host} refuses user lake (databases lake and sqlmesh)" in output
    assert "password authentication failed" in output and "terraform" in output


@pytest.mark.parametrize("database", ["lake", "sqlmesh"])
def test_a_missing_database_is_a_persons_to_mend(cloud: Warehouse, postgres: Postgres, database: str) -> None:
    cloud.sync(orders=ORDERS)
    postgres.execute(f"ALTER DATABASE {database} RENAME TO mislaid")
    try:
        output = refused(cloud)
    finally:
        postgres.execute(f"ALTER DATABASE mislaid RENAME TO {database}")
    assert "PermanentError" in output and rf"database \"{database}\" does not exist" in output


def test_a_database_server_that_is_away_is_a_reason_to_try_again(cloud: Warehouse, tmp_path: Path) -> None:
    cloud.sync(orders=ORDERS)
    cloud.environment["LAKE_DATABASE_HOST"] = str(tmp_path)
    output = refused(cloud)
    assert "TransientError" in output and str(tmp_path) in output


def test_a_database_server_that_goes_away_in_a_run_is_a_reason_to_try_again(
    cloud: Warehouse, laptop: Warehouse, postgres: Postgres
) -> None:
    cloud.sync(orders=ORDERS)
    over = threading.Event()

    def cut() -> None:
        """Every connection of the job that is at work on a table, while the run lasts."""
        while not over.wait(0.05):
            postgres.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = 'lake' AND datname = 'lake' AND query LIKE '%ducklake_%'"
            )

    cutter = threading.Thread(target=cut)
    cutter.start()
    try:
        output = refused(cloud)
    finally:
        over.set()
        cutter.join()
    assert "TransientError" in output
    cloud.transform()
    laptop.transform()
    same_gold(cloud, laptop)


def test_the_password_is_in_no_output_log_or_cache(cloud: Warehouse, company_folder: Path, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    done = subprocess.run(
        [Path(sys.executable).with_name("sqlmesh"), "--debug", "--log-file-dir", logs, "plan", "--auto-apply"],
        cwd=company_folder / "sqlmesh_project",
        env=cloud.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert list(logs.iterdir()) and list((tmp_path / "biaac-sqlmesh").iterdir())
    assert not [text[:200] for text in (done.stdout.encode(), done.stderr.encode(), *files) if SECRET.encode() in text]
