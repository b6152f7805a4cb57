"""Which files a succeeded sync lets in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from biaac.airbyte import Job
from biaac.connections import Connection
from transform.admission import Observed, admit, freshness
from transform.ledger import BronzeFile, Ledger

LINES, LISTS = "shop/lines", "shop/lists"
NOON = datetime(2017, 12, 1, 12, tzinfo=UTC)
CONNECTION = Connection.model_validate(
    {
        "name": "shop",
        "description": "A small shop.",
        "owner": "shop@example.com",
        "source": {"connector": "sources/folder"},
        "schedule": {"cron": "0 5 * * *"},
        "freshness": {"warn_after": "1h", "fail_after": "2h"},
        "streams": [
            {"name": "lines", "mode": "incremental", "cursor": "at"},
            {"name": "lists", "mode": "full_refresh"},
        ],
    }
)


def job(number: int) -> Job:
    return Job(number, "sync", "succeeded", started_at=NOON, updated_at=NOON + timedelta(days=number))


def rows(sync: int, generation: int = 0, *, load_id: int | None = None, as_of: datetime | None = None) -> BronzeFile:
    return BronzeFile(sync=sync, generation=generation, rows=10, load_id=load_id, as_of=as_of)


def observed(streams: dict[str, dict[str, BronzeFile]], *jobs: int, ledger: Ledger | None = None) -> Observed:
    known = (ledger or Ledger()).model_copy(update={"streams": streams})
    return Observed(known, {"shop": [job(number) for number in jobs]}, {"shop": CONNECTION})


def loads(ledger: Ledger, stream: str) -> dict[str, int | None]:
    return {name: file.load_id for name, file in ledger.streams[stream].items()}


def test_without_a_succeeded_sync_nothing_is_admissible() -> None:
    seen = observed({LINES: {"a": rows(1)}, LISTS: {"p": rows(1, 1)}})
    assert admit(seen, 7) is seen.ledger


def test_rows_of_failed_syncs_come_with_the_next_good_one_and_those_of_a_running_one_wait() -> None:
    ledger = admit(observed({LINES: {"failed": rows(1), "good": rows(2), "running": rows(3)}}, 2), 7)
    assert loads(ledger, LINES) == {"failed": 7, "good": 7, "running": None}
    assert [(load.job, load.load_id) for load in ledger.loads] == [(2, 7)]


def test_what_is_in_stays_at_its_load() -> None:
    first = admit(observed({LINES: {"a": rows(1)}}, 1), 7)
    second = admit(observed({LINES: {**first.streams[LINES], "b": rows(2)}}, 2, ledger=first), 8)
    assert loads(second, LINES) == {"a": 7, "b": 8}
    assert [(load.job, load.load_id) for load in second.loads] == [(1, 7), (2, 8)]
    assert admit(observed(second.streams, ledger=second), 9) == second


def test_of_a_list_only_the_newest_succeeded_generation_counts() -> None:
    files = {"old": rows(1, 1), "failed": rows(2, 2), "good": rows(3, 3), "running": rows(4, 4)}
    ledger = admit(observed({LISTS: files}, 1, 3), 7)
    assert loads(ledger, LISTS) == {"old": None, "failed": None, "good": 7, "running": None}


def test_a_generation_that_a_failed_sync_began_and_a_good_one_resumed_is_whole() -> None:
    ledger = admit(observed({LISTS: {"begun": rows(2, 2), "resumed": rows(3, 2)}}, 3), 7)
    assert loads(ledger, LISTS) == {"begun": 7, "resumed": 7}


def test_a_sync_that_brought_nothing_is_in_all_the_same() -> None:
    assert [(load.job, load.load_id) for load in admit(observed({}, 1), 7).loads] == [(1, 7)]


def test_freshness_is_the_furthest_admitted_cursor_and_the_last_sync() -> None:
    late, early = NOON, NOON - timedelta(days=200)
    files = {"a": rows(1, as_of=late), "b": rows(1, as_of=early), "c": rows(9, as_of=late + timedelta(days=1))}
    ledger = admit(observed({LINES: files, LISTS: {"p": rows(1, 1)}}, 1), 7)
    reached = {entry.stream: (entry.data_as_of, entry.synced_at) for entry in freshness(ledger, {"shop": CONNECTION})}
    assert reached == {"lines": (late, NOON + timedelta(days=1)), "lists": (None, NOON + timedelta(days=1))}


@given(
    syncs=st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=1, max_size=8),
    looks=st.sets(st.integers(1, 8)),
)
def test_however_often_one_looks_every_row_up_to_the_last_success_is_in_once(
    syncs: list[tuple[bool, int]], looks: set[int]
) -> None:
    """Syncs succeed or fail, each with some files; the job looks now and then, and at the end."""
    ledger, files, unseen = Ledger(), {}, []
    for number, (good, count) in enumerate(syncs, start=1):
        files |= {f"{number}-{part}": rows(number) for part in range(count)}
        unseen += [number] if good else []
        if number in looks or number == len(syncs):
            known = ledger.streams.get(LINES, {})
            there = {name: known.get(name, file) for name, file in files.items()}
            before = loads(ledger, LINES) if known else {}
            ledger = admit(observed({LINES: there}, *unseen, ledger=ledger), number)
            assert {name: load for name, load in loads(ledger, LINES).items() if before.get(name)} == {
                name: load for name, load in before.items() if load
            }
            unseen = []
    last = max((number for number, (good, _) in enumerate(syncs, start=1) if good), default=0)
    assert {n for n, load in loads(ledger, LINES).items() if load} == {n for n, f in files.items() if f.sync <= last}


def test_files_that_are_gone_or_rewritten_or_put_back_have_their_stream_built_again_until_a_release_is() -> None:
    first = admit(observed({LINES: {"a": rows(1), "b": rows(1)}, LISTS: {"p": rows(1, 1)}}, 1), 7)
    left = {LINES: {"a": first.streams[LINES]["a"]}, LISTS: first.streams[LISTS]}
    gone = admit(replace(observed(left, ledger=first), lost=frozenset({LINES})), 8)
    assert gone.removed == [LINES] and loads(gone, LINES) == {"a": 7}
    assert admit(observed(left, ledger=gone), 9) is not None and admit(observed(left, ledger=gone), 9).removed == [
        LINES
    ]
    back = admit(observed({**left, LINES: {**left[LINES], "b": rows(1)}}, ledger=first), 8)
    assert back.removed == [LINES] and loads(back, LINES) == {"a": 7, "b": 7}


def test_a_list_that_is_replaced_by_its_next_filling_is_not_lost_and_its_generation_may_begin_again() -> None:
    first = admit(observed({LISTS: {"p": rows(1, 5)}}, 1), 7)
    second = admit(replace(observed({LISTS: {"q": rows(2, 1)}}, 2, ledger=first), lost=frozenset({LISTS})), 8)
    assert second.removed == [] and loads(second, LISTS) == {"q": 8}
    both = admit(observed({LISTS: {**first.streams[LISTS], "q": rows(2, 1)}}, 2, ledger=first), 8)
    assert loads(both, LISTS) == {"p": 7, "q": 8}
