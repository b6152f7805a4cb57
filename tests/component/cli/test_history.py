"""`biaac runs`, `releases` and `audits`: what happened, why, and going back."""

import json

import pytest
from google.cloud.storage import Bucket

from biaac import releases, runs
from biaac.releases import AuditOutcome
from biaac.runs import Outcome
from tests.component.cli.conftest import Biaac, start_execution
from tests.component.functions.executions_server import FakeExecutions, State
from tests.component.functions.published import NOW, candidate, load, record

QUERY = "SELECT * FROM silver.sales_line_versions WHERE basket_id IS NULL"


@pytest.fixture
def rejected(ops: Bucket) -> str:
    """A run that a blocking audit stopped, while another warned."""
    record(
        ops,
        "x-1",
        Outcome.REJECTED,
        message="audit not_null of silver.sales_line_versions found 12 rows",
        loads=[load("shop", 7)],
        audits=[
            AuditOutcome(model="silver.sales_line_versions", audit="not_null", blocking=True, rows=12, query=QUERY),
            AuditOutcome(model="gold.sales", audit="known_products", blocking=False, rows=4836, query="SELECT 1"),
            AuditOutcome(model="gold.sales", audit="unique_grain", blocking=True, rows=0, query="SELECT 2"),
        ],
        steps=[runs.Step(name="silver.sales_line_versions", seconds=1.25, rows=4912)],
    )
    rows = [["17", None], ["18", "[red]x"]]
    offending = runs.OffendingRows(
        model="silver.sales_line_versions", audit="not_null", columns=["line", "basket"], rows=rows
    )
    runs.write_offending(ops, "prod", "x-1", [offending])
    return "x-1"


def test_a_rejected_run_shows_its_audits_and_the_rows_they_complain_of(biaac: Biaac, rejected: str) -> None:
    result = biaac(f"runs show {rejected}")
    assert result.code == 0
    assert "failed not_null of silver.sales_line_versions: 12 rows" in result.out
    shown = [[cell.strip() for cell in line.split("│")[1:3]] for line in result.out.splitlines() if "│ 1" in line]
    assert shown == [["17", "NULL"], ["18", "[red]x"]]
    assert "warned known_products of gold.sales: 4,836 rows" in result.out
    assert "unique_grain" not in result.out, "what passed is counted, not listed"
    assert "1 of 3 passed" in result.out
    assert "4,912 rows" in result.out
    assert "job 7 of shop" in result.out
    assert f"biaac runs retry {rejected}" in result.out


def test_runs_are_listed_newest_first_for_people_and_for_scripts(biaac: Biaac, ops: Bucket, rejected: str) -> None:
    record(ops, "x-2", Outcome.PUBLISHED, "000001-abc")
    table = biaac("runs").out
    assert table.index("x-2") < table.index("x-1")
    assert [run["execution"] for run in json.loads(biaac("runs --json").out)] == ["x-2", "x-1"]
    assert [run["execution"] for run in json.loads(biaac("runs --json --limit 1").out)] == ["x-2"]


def test_a_run_that_died_before_it_decided_is_listed_and_can_be_shown(biaac: Biaac, executions: FakeExecutions) -> None:
    name = start_execution()
    died = name.rpartition("/")[2]
    executions.end(name, State.FAILED)
    executions.executions[name].error.context = "HttpError 503: the cache is down\nin step warm"
    assert "failed" in biaac("runs").out
    assert json.loads(biaac("runs --json").out) == [{"execution": died, "outcome": None, "workflow": "FAILED"}]
    shown = biaac(f"runs show {died}")
    assert shown.code == 0
    assert "the cache is down" in shown.out


@pytest.mark.parametrize("command", ["runs show nowhere", "runs retry nowhere"])
def test_a_run_that_never_was_is_named(biaac: Biaac, command: str) -> None:
    result = biaac(command)
    assert result.code == 1
    assert "there is no run nowhere" in result.err
    assert "next: biaac runs" in result.err


def test_a_run_without_a_record_is_an_answer_for_scripts_too(biaac: Biaac, executions: FakeExecutions) -> None:
    run = start_execution().rpartition("/")[2]
    assert json.loads(biaac(f"runs show {run} --json").out) == {
        "execution": run,
        "outcome": None,
        "workflow": "ACTIVE",
    }


def test_the_newest_run_is_shown_where_none_is_named(biaac: Biaac, executions: FakeExecutions, rejected: str) -> None:
    assert "4,912 rows" in biaac("runs show").out, "the only one there is a record of"
    name = start_execution()
    executions.end(name, State.FAILED)
    assert f"run       {name.rpartition('/')[2]}, workflow FAILED" in biaac("runs show").out


def test_there_may_be_no_run_yet(biaac: Biaac) -> None:
    result = biaac("runs show")
    assert result.code == 1
    assert "there is no run yet" in result.err


def test_audits_are_listed_with_outcome_and_rows(biaac: Biaac, rejected: str) -> None:
    found = json.loads(biaac("audits --json").out)
    assert [(audit["audit"], audit["outcome"], audit["rows"]) for audit in found] == [
        ("not_null", "failed", 12),
        ("known_products", "warned", 4836),
        ("unique_grain", "passed", 0),
    ]
    listed = biaac("audits").out
    assert "known_products" in listed
    assert "next: biaac audits show" in listed


def test_the_rows_that_audits_complain_of_are_shown_by_run_or_of_the_newest_that_has_some(
    biaac: Biaac, ops: Bucket, rejected: str
) -> None:
    record(ops, "x-2", Outcome.PUBLISHED)
    for command in ("audits show", f"audits show {rejected}"):
        shown = biaac(command).out
        assert "failed not_null of silver.sales_line_versions: 12 rows" in shown
        assert "[red]x" in shown
    assert "[red]x" not in biaac("audits show x-2").out


def test_an_idle_run_shows_the_rows_of_the_release_it_offers_again(
    biaac: Biaac, lake: Bucket, ops: Bucket, rejected: str
) -> None:
    audits = [AuditOutcome(model="silver.sales_line_versions", audit="not_null", blocking=False, rows=12, query=QUERY)]
    release = candidate(lake, execution=rejected, audits=audits)
    record(ops, "x-2", Outcome.NOTHING_NEW, release, audits=audits)
    assert "[red]x" in biaac("audits show").out


def test_releases_mark_the_one_readers_see(biaac: Biaac, lake: Bucket) -> None:
    first, second = candidate(lake), candidate(lake, loads=[load("shop", 1)])
    releases.promote(lake, "prod", first)
    found = json.loads(biaac("releases --json").out)
    assert [(release["id"], release["current"]) for release in found] == [(second, False), (first, True)]
    marked = [line for line in biaac("releases").out.splitlines() if "►" in line]
    assert len(marked) == 1
    assert first in marked[0]


def test_a_release_is_shown_whole(biaac: Biaac, lake: Bucket) -> None:
    assert "next: biaac sync NAME" in biaac("releases show").err
    release = candidate(lake, loads=[load("shop", 1)])
    releases.promote(lake, "prod", release)
    for command in (f"releases show {release}", "releases show"):
        assert json.loads(biaac(command).out)["loads"][0]["job"] == 1
    unknown = biaac("releases show 000009-none")
    assert unknown.code == 1
    assert "next: biaac releases" in unknown.err


def test_going_back_holds_the_pointer_and_resuming_lifts_it(biaac: Biaac, lake: Bucket) -> None:
    first, second = candidate(lake), candidate(lake)
    releases.promote(lake, "prod", first)
    releases.promote(lake, "prod", second)
    back = biaac(f'releases rollback {first} --reason "prices are wrong"')
    assert back.code == 0
    assert f"readers see {first}" in back.out
    assert "prices are wrong" in biaac("releases").out
    assert "held" in biaac("status").out
    third = candidate(lake)
    resumed = biaac("releases resume")
    assert resumed.code == 0
    assert "dashboards do not follow yet: Cloud Run does not answer" in resumed.out
    assert f"readers see {third}" in resumed.out
    now = releases.pointer(lake, "prod")
    assert now == releases.Pointer(release=third)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("releases rollback --reason x", "prod has no release yet"),
        ("releases resume", "prod has no release yet"),
        ("releases rollback 000009-none --reason x", "000009-none does not exist"),
    ],
)
def test_going_back_without_a_release_says_so(biaac: Biaac, command: str, said: str) -> None:
    result = biaac(command)
    assert result.code == 1
    assert said in result.err


@pytest.mark.parametrize(
    "command", ["releases rollback", "runs show a b", "sync", "nothing", "runs --limit 0", "audits -x"]
)
def test_a_wrong_command_line_is_a_usage_error(biaac: Biaac, command: str) -> None:
    assert biaac(command).code == 2


def test_a_narrow_terminal_cuts_no_id_and_no_date(
    biaac: Biaac, rejected: str, lake: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    execution, release = start_execution(), candidate(lake)
    assert execution.rpartition("/")[2] in biaac("runs").out
    assert f"{NOW:%m-%d %H:%M:%S}" in biaac("runs").out
    assert release in biaac("releases").out
    assert "…" not in biaac("releases").out + biaac("runs").out + biaac("audits").out
