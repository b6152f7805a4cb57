"""A sync against a real storage server, its connector a real process that works or fails."""

import json
import re
import signal

import pytest
import yaml

from biaac.clients import storage_client
from ingestion import claims, job_records
from ingestion.connector import ConnectorFailed, Run
from ingestion.job_records import Kind, Status
from tests.component.ingestion.conftest import Scripted, whole
from tests.conftest import wait_for


def test_rows_land_in_airbytes_layout_under_the_start_of_the_sync(scripted: Scripted) -> None:
    scripted.declare(whole("orders", 0, 5) + whole("shops", 0, 3), streams=("orders", "shops"))
    job = scripted.sync()
    assert (job.status, job.rows) == (Status.SUCCEEDED, {"orders": 5, "shops": 3})
    (orders,), (shops,) = scripted.files("orders"), scripted.files("shops")
    day = f"{job.created_at:%Y_%m_%d}"
    assert orders.name == f"scripted/orders/{day}_{job.epoch_ms}_0.parquet"
    assert orders.metadata == {"ab-generation-id": "0"}
    assert shops.metadata == {"ab-generation-id": "1"}
    rows = scripted.table("orders")
    assert rows.schema.names[4:] == ["id", "name"]
    assert {meta["sync_id"] for meta in rows["_airbyte_meta"].to_pylist()} == {job.id}
    assert len(set(rows["_airbyte_raw_id"].to_pylist())) == 5


def test_a_next_sync_goes_on_from_the_committed_state_and_adds_files(scripted: Scripted) -> None:
    scripted.declare(whole("orders", 0, 5), whole("orders", 5, 8))
    scripted.sync()
    second = scripted.sync()
    assert [read["states"] for read in scripted.given()] == [{}, {"orders": {"next": 5}}]
    assert scripted.ids("orders") == list(range(8))
    assert second.rows == {"orders": 3}


def test_a_sync_with_nothing_new_succeeds_and_writes_no_file(scripted: Scripted) -> None:
    scripted.declare([{"status": ["orders", "COMPLETE"]}])
    assert scripted.sync().status is Status.SUCCEEDED
    assert scripted.files("orders") == []


def test_a_connector_that_exits_1_is_tried_three_times_and_named_with_its_last_lines(scripted: Scripted) -> None:
    scripted.declare([{"log": "connecting"}, {"stderr": "Traceback: no route"}, {"exit": 1}])
    job = scripted.sync()
    assert (job.status, job.attempts, len(scripted.given())) == (Status.FAILED, 3, 3)
    assert job.message == "source-scripted read exited 1"
    assert set(job.log) == {"INFO connecting", "Traceback: no route"}


def test_an_attempt_resumes_from_what_the_failed_one_committed(scripted: Scripted) -> None:
    broken = [{"rows": ["orders", 0, 4]}, {"state": ["orders", {"next": 4}, 4]}, {"exit": 3}]
    scripted.declare(broken, whole("orders", 4, 6))
    job = scripted.sync()
    assert (job.status, job.attempts) == (Status.SUCCEEDED, 2)
    assert scripted.given()[1]["states"] == {"orders": {"next": 4}}
    assert scripted.ids("orders") == list(range(6))
    assert job.rows == {"orders": 6}


def test_a_stream_that_is_complete_is_not_read_again_by_the_next_attempt(scripted: Scripted) -> None:
    scripted.declare(
        [*whole("orders", 0, 2), {"rows": ["shops", 0, 1]}, {"exit": 1}],
        whole("shops", 0, 3),
        streams=("orders", "shops"),
    )
    assert scripted.sync().rows == {"orders": 2, "shops": 3}
    assert [read["streams"] for read in scripted.given()] == [["orders", "shops"], ["shops"]]


def test_a_full_refresh_that_broke_off_is_in_bronze_once(scripted: Scripted) -> None:
    half = [{"rows": ["shops", 0, 2]}, {"state": ["shops", {"page": 1}, 2]}, {"exit": 1}]
    scripted.declare(half, whole("shops", 0, 4), streams=("shops",))
    assert scripted.sync().rows == {"shops": 4}
    assert [read["states"] for read in scripted.given()] == [{}, {}]  # page 1 would skip rows that are deleted
    assert scripted.ids("shops") == list(range(4))


def test_a_full_refresh_replaces_the_old_generation_only_when_the_sync_has_succeeded(scripted: Scripted) -> None:
    scripted.declare(whole("shops", 0, 3), [{"rows": ["shops", 10, 11]}, {"exit": 1}], streams=("shops",))
    scripted.sync()
    assert scripted.sync().status is Status.FAILED
    assert scripted.ids("shops") == [0, 1, 2]
    scripted.declare(whole("shops", 20, 22), streams=("shops",))
    assert scripted.sync().status is Status.SUCCEEDED
    generations = {blob.metadata["ab-generation-id"] for blob in scripted.files("shops")}
    assert "3" in generations and "1" not in generations


def test_a_generation_stays_as_long_as_the_ledger_of_a_transform_names_it(scripted: Scripted) -> None:
    lake = storage_client(scripted.settings).bucket(scripted.settings.lake_bucket)
    scripted.declare(*(whole("shops", number, number + 1) for number in range(5)), streams=("shops",))
    scripted.sync()
    (first,) = scripted.files("shops")
    old = {f"scripted/shops/{n}": {"load_id": 202611240600 + n} for n in (1, 2)}
    ledger = {"streams": {"scripted/shops": {**old, first.name: {"load_id": 202611240605}}}}
    lake.blob("ledger/prod.json").upload_from_string(json.dumps(ledger))
    for _ in range(3):
        scripted.sync()
    assert scripted.ids("shops") == [0, 2, 3]  # named; the one before the newest; the newest
    lake.blob("ledger/prod.json").upload_from_string(json.dumps({"streams": {}}))
    scripted.sync()
    assert scripted.ids("shops") == [3, 4]


def test_what_is_not_named_like_a_bronze_file_is_left_alone(scripted: Scripted) -> None:
    scripted.bronze.blob("scripted/shops/notes.txt").upload_from_string("kept")
    scripted.declare(whole("shops", 0, 1), streams=("shops",))
    scripted.sync()
    scripted.sync(kind=Kind.CLEAR)
    assert [blob.name for blob in scripted.files("shops")] == ["scripted/shops/notes.txt"]


def test_a_stray_print_is_kept_as_a_log_line_and_no_row_is_lost(scripted: Scripted) -> None:
    scripted.declare(
        [{"print": "WARNING: locale not set"}, {"rows": ["orders", 0, 2]}, {"print": ""}, {"print": "bye"}]
    )
    assert scripted.sync().status is Status.SUCCEEDED
    assert scripted.ids("orders") == [0, 1]


def test_a_row_that_got_lost_is_noticed_by_the_count_in_the_state(scripted: Scripted) -> None:
    scripted.declare([{"rows": ["orders", 0, 2]}, {"state": ["orders", {"next": 3}, 3]}])
    job = scripted.sync()
    assert job.message == "source-scripted read counts 3 rows of orders in its state, but 2 came"
    assert scripted.files("orders") == []


def test_a_silent_connector_is_killed_at_its_limit() -> None:
    quiet = Run("source-quiet read", ["sleep", "600"], 0.5, "quiet.yaml")
    try:
        with pytest.raises(ConnectorFailed, match=r"source-quiet read printed nothing for 0\.5 s and was killed"):
            list(quiet.batches())
    finally:
        quiet.stop()


def test_a_wrong_configuration_is_not_tried_again(scripted: Scripted) -> None:
    scripted.declare([{"error": {"message": "password refused", "failure_type": "config_error"}}, {"exit": 1}])
    job = scripted.sync()
    assert (job.status, job.attempts) == (Status.FAILED, 1)
    assert job.message is not None
    assert re.fullmatch(
        r"source-scripted read: password refused\n  next: edit source.config in .*/scripted.yaml", job.message
    )


def test_a_stream_the_source_does_not_have_is_named_with_those_it_has(scripted: Scripted) -> None:
    scripted.declare([], properties={"key": {"type": "string"}})
    job = scripted.sync()
    assert job.status is Status.FAILED
    assert "stream orders: there is no field 'id'; there are: key" in str(job.message)


def test_values_that_do_not_fit_their_type_become_null_and_are_named(scripted: Scripted) -> None:
    scripted.declare([{"row": ["orders", {"id": 1, "name": "a"}]}, {"row": ["orders", {"id": "x", "name": 7}]}])
    assert scripted.sync().status is Status.SUCCEEDED
    rows = scripted.table("orders").to_pylist()
    assert [(row["id"], row["name"]) for row in rows] == [(1, "a"), (None, "7")]
    changes = [row["_airbyte_meta"]["changes"] for row in rows]
    nulled = {"field": "id", "change": "NULLED", "reason": "DESTINATION_SERIALIZATION_ERROR"}
    assert changes == [[], [nulled]]


def test_a_killed_sync_run_again_leaves_no_hole(scripted: Scripted) -> None:
    gate = scripted.folder / "gate"
    first = [{"rows": ["orders", 0, 4]}, {"state": ["orders", {"next": 4}, 4]}, {"rows": ["orders", 4, 6]}]
    scripted.declare([*first, {"until": str(gate)}], whole("orders", 4, 7))
    job = scripted.new_job()
    process = scripted.start(job)
    try:
        wait_for(lambda: scripted.committed("orders"), what="a state is committed")
    finally:
        process.kill()
        process.wait()
        gate.touch()
    assert scripted.record(job).status is Status.RUNNING
    done = scripted.sync(job)
    assert (done.status, done.rows) == (Status.SUCCEEDED, {"orders": 7})
    assert scripted.given()[1]["states"] == {"orders": {"next": 4}}
    assert scripted.ids("orders") == list(range(7))
    assert [blob.name[-9:] for blob in scripted.files("orders")] == ["0.parquet", "1.parquet"]


def test_a_sync_that_is_stopped_is_cancelled_keeps_what_is_committed_and_frees_the_connection(
    scripted: Scripted,
) -> None:
    scripted.declare(
        [{"rows": ["orders", 0, 4]}, {"state": ["orders", {"next": 4}, 4]}, {"rows": ["orders", 4, 9]}, {"hang": 1}]
    )
    job = scripted.new_job()
    process = scripted.start(job)
    wait_for(lambda: scripted.committed("orders"), what="a state is committed")
    process.send_signal(signal.SIGTERM)
    assert process.wait(120) == 1
    record = scripted.record(job)
    assert (record.status, record.rows) == (Status.CANCELLED, {"orders": 4})
    assert scripted.ids("orders") == list(range(4))


def test_a_job_with_a_verdict_is_not_done_again(scripted: Scripted) -> None:
    scripted.declare(whole("orders", 0, 2))
    job = scripted.new_job()
    job_records.conclude(scripted.ops, job.id, Status.CANCELLED)
    assert scripted.sync(job).status is Status.CANCELLED
    assert scripted.files("orders") == []


def test_a_verdict_given_elsewhere_stops_the_sync(scripted: Scripted) -> None:
    scripted.declare([{"rows": ["orders", 0, 1]}, {"hang": True}])
    job = scripted.new_job()
    process = scripted.start(job)
    wait_for(lambda: scripted.record(job).rows.get("orders"), what="the first row is counted")
    claims.cancel(scripted.settings, scripted.ops, job)
    assert process.wait(120) == 1
    assert scripted.record(job).status is Status.CANCELLED


def test_clear_removes_files_and_state_and_begins_a_new_generation(scripted: Scripted) -> None:
    scripted.declare(whole("orders", 0, 2) + whole("shops", 0, 2), streams=("orders", "shops"))
    scripted.sync()
    assert scripted.sync(kind=Kind.CLEAR).status is Status.SUCCEEDED
    assert scripted.files("orders") == scripted.files("shops") == []
    scripted.sync()
    assert scripted.given()[1]["states"] == {}
    assert scripted.files("orders")[0].metadata == {"ab-generation-id": "1"}


def test_a_missing_connector_environment_is_named_with_the_next_command(scripted: Scripted) -> None:
    scripted.declare([])
    executable = scripted.folder / "connectors/source-scripted/bin/source-scripted"
    executable.unlink()
    job = scripted.sync()
    assert job.status is Status.FAILED
    assert job.message == f"connector sources/scripted: {executable} does not exist\n  next: make setup"


def test_what_an_airbyte_server_reads_is_refused_by_name(scripted: Scripted) -> None:
    scripted.declare([])
    file = scripted.folder / "connections/scripted.yaml"
    declared = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump({**declared, "source": {"connector": "airbyte"}}))
    job = scripted.sync()
    assert job.status is Status.FAILED
    assert "connection scripted is read by an Airbyte server, and here is none" in str(job.message)
