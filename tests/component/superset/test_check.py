"""Dashboards are checked against the models alone: two programs, each in its own environment, and no service."""

import os
import subprocess
from pathlib import Path

import pytest

from biaac.settings import ROOT
from tests import company

RETURNS = """\
MODEL (
  name gold.returns,
  kind VIEW,
  grain order_id,
  owner 'shop@example.com',
  description 'Orders that came back.'
);

SELECT
  order_id,                                                     -- Order.
  date_trunc('week', order_day) AS returned_week,               -- Week of its return.
  amount                                                        -- Money given back.
FROM gold.orders
"""
METRIC = """\
table: gold.returns
owner: shop@example.com
metrics:
  - name: returned
    expression: SUM(amount)
    label: {en: Returned}
    description: Money given back.
    format: $,.2f
    additive: true
"""
PAGE = """\
title: {en: Returns}
description: {en: What came back.}
owner: shop@example.com
model: gold.returns
filters:
  - {period: returned_week, default: last 12 weeks}
  - {grain: week}
layout:
  - row: [returned]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The small company with a table that no release holds yet, and its dashboard."""
    company.install(tmp_path)
    (tmp_path / "sqlmesh_project/models/gold/returns.sql").write_text(RETURNS)
    (tmp_path / "sqlmesh_project/metrics/returns.yaml").write_text(METRIC)
    (tmp_path / "superset/dashboards/returns.yaml").write_text(PAGE)
    return tmp_path


def run(folder: Path, environment: str, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a program of an environment on the company in ``folder``, with no other setting."""
    return subprocess.run(
        [str(ROOT / ".biaac/envs" / environment / "bin/python"), *command],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "COMPANY_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_new_model_its_metric_and_its_dashboard_are_valid_before_any_release(folder: Path) -> None:
    described = run(folder, "transform", "-m", "transform.describe")
    assert described.returncode == 0, described.stderr
    models = folder / "models.json"
    models.write_text(described.stdout)
    assert '{"name": "returned_week", "type": "TIMESTAMP", "description": "Week of its return."}' in described.stdout

    checked = run(folder, "superset", "superset/check.py", str(models))
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout == "3 dashboards with 21 charts are valid\n"

    page = folder / "superset/dashboards/returns.yaml"
    page.write_text(PAGE.replace("[returned]", "[returnd]"))
    checked = run(folder, "superset", "superset/check.py", str(models))
    assert checked.returncode == 1
    assert f"{page}:9: layout.0.row.0.kpi: no metric 'returnd'; did you mean returned?" in checked.stderr
    assert "Traceback" not in checked.stderr


def test_a_model_that_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "sqlmesh_project/models/gold/returns.sql").write_text(RETURNS.replace("  amount ", "  amuont "))
    described = run(folder, "transform", "-m", "transform.describe")
    assert described.returncode == 1
    assert "amuont" in described.stderr
    assert "Traceback" not in described.stderr
