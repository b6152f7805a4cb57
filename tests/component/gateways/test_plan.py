"""``--plan`` says what changed models would do to the lake and does nothing; the next run does it. Both gateways."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.component.gateways.conftest import same_gold
from tests.component.transform.conftest import FIRST, Grocery, line

MONTHS = """
MODEL (
  name gold.months, kind FULL, grain sale_month, owner 'retail-data@example.com',
  description 'Sales by month.', audits (unique_values(columns := (sale_month))),
  column_descriptions (sale_month = 'Month.', revenue = 'Money taken.')
);
SELECT sale_month, SUM(revenue)::DECIMAL(18, 2) AS revenue FROM gold.sales GROUP BY sale_month
"""


@pytest.fixture
def changed(repository: Path, tmp_path: Path) -> Path:
    """A checkout with one model changed, one removed and one added."""
    checkout = tmp_path / "checkout"
    for folder in ("biaac", "sqlmesh_project"):
        shutil.copytree(repository / folder, checkout / folder, ignore=shutil.ignore_patterns("__pycache__"))
    models = checkout / "sqlmesh_project/models"
    stores = models / "gold/stores.sql"
    stores.write_text(stores.read_text().replace("SUM(revenue)", "SUM(revenue * 2)"))
    lists = models / "silver/households.sql"
    lists.write_text(lists.read_text().replace("COALESCE(@clean_text(age), 'Unknown')", "COALESCE(age, 'Nobody said')"))
    (models / "gold/dates.sql").unlink()
    (models / "gold/months.sql").write_text(MONTHS)
    return checkout


def run(side: Grocery, checkout: Path, *arguments: str) -> str:
    environment = {**side.environment, "PYTHONPATH": str(checkout), "CLOUD_RUN_EXECUTION": "transform-changed"}
    command = [sys.executable, "-m", "transform.job", *arguments]
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.longest
def test_a_plan_names_every_change_and_applies_none_and_the_next_run_applies_them(
    cloud: Grocery, laptop: Grocery, changed: Path
) -> None:
    laptop.sync(FIRST)
    for side in (laptop, cloud):
        assert side.plan()[1].count("  added\n") == 13  # an empty lake
        side.transform()
        planned = run(side, changed, "--plan")
        assert "+ gold.months  added" in planned and "- gold.dates  removed" in planned
        assert "~ gold.stores  changed" in planned and "SUM(revenue * 2)" in planned
        assert "~ gold.households  built again, as what it reads has changed" in planned
        assert side.plan() == (0, "no model would change\n")
        run(side, changed, "--execution", "changed", "--reason", "deploy")
        assert {row["age"] for row in side.rows("gold.households")} == {"x", "Unknown"}
        assert "gold.months" in side.release().tables and "gold.dates" not in side.release().tables
    same_gold(cloud, laptop)
    laptop.sync([line(5, 3, "2017-07-01", 1.25)])
    for side in (laptop, cloud):
        side.transform()  # the old models again, with a new load
    same_gold(cloud, laptop)
