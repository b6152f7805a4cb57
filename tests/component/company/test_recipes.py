"""The recipes of CONTRIBUTING.md, followed by a small company: `bin/check` stays green, and so do upstream's tests."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import company
from tests.stack import copy_of_checkout

MODEL = """
MODEL (
  name gold.topics,
  kind FULL,
  grain topic,
  owner 'support@example.com',
  description 'What customers write about.',
  audits (unique_values(columns := (topic)), not_null(columns := (topic)))
);

SELECT
  COALESCE(topic, 'none') AS topic,    -- delivery, refund or product; none where nobody has sorted it.
  MAX(opened_day) AS last_day,         -- Day of the newest ticket.
  COUNT(*) AS tickets                  -- Tickets of all time.
FROM gold.tickets
GROUP BY 1
"""
UNIT_TEST = """
test_a_ticket_that_nobody_sorted_is_of_no_topic:
  model: gold.topics
  inputs:
    gold.tickets:
      - {ticket_id: 1, topic: null, opened_day: 2026-04-03}
      - {ticket_id: 2, topic: null, opened_day: 2026-04-04}
  outputs:
    query:
      - {topic: none, last_day: 2026-04-04, tickets: 2}
"""
METRIC = """
table: gold.topics
owner: support@example.com
metrics:
  - name: topic_tickets
    expression: SUM(tickets)
    label: {en: Tickets of all time}
    description: Tickets of all time.
    format: ",d"
    additive: true
"""
DASHBOARD = """
title: {en: Topics}
description: {en: What customers write about.}
owner: support@example.com
model: gold.topics
filters:
  - {period: last_day, default: last 3 months}
  - {grain: month}
layout:
  - row: [{bar: topic_tickets, by: topic, horizontal: true}]
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository without the demo, with the small company's files and one more of each kind."""
    folder = copy_of_checkout(tmp_path_factory.mktemp("checkout"), demo=True)
    subprocess.run(
        ["bin/biaac", "demo", "remove", "--yes", "--changed"], cwd=folder, check=True, stdout=subprocess.DEVNULL
    )
    shutil.rmtree(folder / "sqlmesh_project")
    company.install(folder)
    for file, text in {
        "models/gold/topics.sql": MODEL,
        "tests/test_topics.yaml": UNIT_TEST,
        "metrics/topics.yaml": METRIC,
    }.items():
        (folder / "sqlmesh_project" / file).write_text(text.lstrip())
    (folder / "superset/dashboards/topics.yaml").write_text(DASHBOARD.lstrip())
    for command in (["git", "init", "--quiet"], ["git", "add", "--all"]):
        subprocess.run(command, cwd=folder, check=True)
    return folder


def run(checkout: Path, *command: str) -> str:
    variables = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    done = subprocess.run(
        command, cwd=checkout, env={**variables, "PYTHONPATH": "."}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_the_companys_files_are_valid(checkout: Path) -> None:
    printed = run(checkout, "bin/check", "connections", "models", "dashboards")
    assert printed.count("ok ") == 3, printed


@pytest.mark.parametrize("tests", ["tests/unit/transform", "tests/unit/superset", "tests/unit/rules", "tests/unit/cli"])
def test_upstreams_tests_do_not_look_at_them(checkout: Path, tests: str) -> None:
    assert " passed" in run(checkout, sys.executable, "-m", "pytest", "-q", tests)
