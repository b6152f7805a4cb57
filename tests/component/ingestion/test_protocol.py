"""The protocol as connectors speak it: one bad message costs that message, and what a source says is kept."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ingestion.job_records import Status
from tests.component.ingestion.conftest import PROPERTIES, Scripted, Steps, whole
from transform import bronze_files

SECRET = "the-token-of-tomorrow"
PERSON = "ada@example.com"
NUMBERED = {**PROPERTIES, "price": {"type": "number"}}


def lines(*messages: Any) -> Steps:
    return [{"print": one if isinstance(one, str) else json.dumps(one)} for one in messages]


def row(number: int, **more: Any) -> dict[str, Any]:
    record = {"stream": "orders", "emitted_at": 1_700_000_000_000, "data": {"id": number, "name": "a"}, **more}
    return {"type": "RECORD", "record": record}


def state(count: int | None = None, **how: Any) -> dict[str, Any]:
    statistics = {} if count is None else {"sourceStats": {"recordCount": float(count)}}
    return {"type": "STATE", "state": {**how, **statistics}}


def shared(position: int, *streams: dict[str, Any]) -> dict[str, Any]:
    states = [{"stream_descriptor": one, "stream_state": {"at": position}} for one in streams]
    return {"type": "GLOBAL", "global": {"shared_state": {"lsn": position}, "stream_states": states}}


STATE = state(type="STREAM", stream={"stream_descriptor": {"name": "orders"}, "stream_state": {"next": 1}})


@pytest.mark.parametrize(
    ("bad", "ids", "kept"),
    [
        ('{"type":"RECORD","record":{"stream":"orders","data":{"id":2,"name":"' + PERSON, [1], 1),
        (PERSON + '","next": 5}}}', [1], 1),
        (row(2, data=None), [1], 1),
        ({"type": "RECORD", "record": None}, [1], 1),
        ({"type": "RECORD", "record": {"data": {"id": 2, "name": PERSON}}}, [1], 1),
        (row(2, stream="others", data={"id": 2, "name": PERSON}), [1], 1),
        (state(type="STREAM", stream={"stream_descriptor": PERSON}), [1], 1),
        ({"type": "TRACE", "trace": {"type": "STREAM_STATUS", "stream_status": {"status": "COMPLETE"}}}, [1], 1),
        (state(type="STREAM", stream={"stream_descriptor": {"name": "others"}, "stream_state": {}}), [1], 0),
        ({"type": "LOG", "log": {"message": "x"}}, [1], 0),
        ({"type": "LOG"}, [1], 0),
        ({"type": "TRACE"}, [1], 0),
        ({"type": "CONTROL", "control": {"type": "CONNECTOR_CONFIG"}}, [1], 0),
        ({"type": "CONTROL", "control": {"type": "CONNECTOR_CONFIG", "connectorConfig": {"config": PERSON}}}, [1], 0),
        ({"email": PERSON}, [1], 0),
        (f'["{PERSON}"]', [1], 1),
        ("WARNING: retrying {page: 2}", [1], 0),
        ("progress 3%" + json.dumps(row(2)), [1, 2], 0),
        (json.dumps(row(2)) + json.dumps(row(3)) + "\r", [1, 2, 3], 0),
        (row(2, emitted_at=1_700_000_000.5), [1, 2], 0),
        (row(2, emitted_at=None), [1, 2], 0),
        (row(2, emitted_at="soon"), [1, 2], 0),
        (row(2, meta={"changes": None}), [1, 2], 0),
        (row(2, meta={"changes": [{"field": "name"}, 5]}), [1, 2], 0),
        (row(2, meta=PERSON), [1, 2], 0),
        (row(2, namespace=[PERSON]), [1], 1),
        ({"type": "CONTROL", "control": {"type": "CONNECTOR_CONFIG", "connectorConfig": PERSON}}, [1], 0),
    ],
)
def test_one_bad_message_costs_that_message_and_no_data_of_a_person_is_shown(
    scripted: Scripted, capsys: pytest.CaptureFixture[str], bad: Any, ids: list[int], kept: int
) -> None:
    scripted.declare(lines(row(1), bad, STATE))
    job = scripted.sync()
    assert (job.status, job.attempts, scripted.ids("orders")) == (Status.SUCCEEDED, 1, ids)
    assert PERSON not in f"{job.message} {job.warnings} {job.log} {capsys.readouterr()}"
    assert scripted.committed("orders") == {"next": 1}
    objects = list(scripted.ops.list_blobs(prefix="airbyte/unread/scripted/"))
    assert [len(json.loads(one.download_as_bytes())) for one in objects] == [1] * kept
    for one in objects:
        assert f"(gs://{scripted.ops.name}/{one.name})" in job.warnings[0]


def test_a_message_that_could_not_be_read_may_be_one_that_the_source_counts(scripted: Scripted) -> None:
    counted = {"type": "STATE", "state": {**STATE["state"], "sourceStats": {"recordCount": 2}}}
    scripted.declare(lines(row(1), '{"type":"RECORD","record":{"stream":"orders","da', counted))
    job = scripted.sync()
    assert (job.status, scripted.ids("orders")) == (Status.SUCCEEDED, [1])
    assert job.warnings[0].startswith("1 message of the connector: they cannot be read (gs://")


@pytest.mark.parametrize(
    ("value", "name", "price"),
    [
        ('"name":"b","price":NaN', "b", None),
        ('"name":"b","price":-Infinity', "b", None),
        ('"name":"b","price":1e400', "b", None),
        ('"name":"cut \\ud83d","price":1', "cut �", 1.0),
        ('"name":"whole \\ud83d\\ude00","price":1', "whole 😀", 1.0),
        ('"name":"a\tb","price":1', "a\tb", 1.0),
        ('"name":1.10,"price":12345678901234567890', "1.10", 12345678901234567890.0),
    ],
)
def test_a_value_that_json_cannot_hold_costs_that_value(
    scripted: Scripted, value: str, name: str, price: float | None
) -> None:
    line = '{"type": "RECORD", "record": {"stream": "orders", "emitted_at": 1, "data": {"id": 2, ' + value + "}}}"
    scripted.declare(lines(row(1), line, STATE), properties=NUMBERED)
    job = scripted.sync()
    two = scripted.table("orders").to_pylist()[1]
    assert (job.status, two["name"], two["price"]) == (Status.SUCCEEDED, name, price)
    assert [change["field"] for change in two["_airbyte_meta"]["changes"]] == (["price"] if price is None else [])
    assert job.nulled == ({"orders": {"price": 1}} if price is None else {})


def test_what_the_source_itself_changed_in_a_row_stays_told_and_is_counted(scripted: Scripted) -> None:
    change = {"field": "name", "change": "NULLED", "reason": "SOURCE_FIELD_SIZE_LIMITATION"}
    scripted.declare(lines(row(1, data={"id": "x", "name": None}, meta={"changes": [change]}), row(2), STATE))
    job = scripted.sync()
    first, second = (one["_airbyte_meta"]["changes"] for one in scripted.table("orders").to_pylist())
    assert first == [change, {"field": "id", "change": "NULLED", "reason": "DESTINATION_SERIALIZATION_ERROR"}]
    assert (second, job.nulled) == ([], {"orders": {"name": 1, "id": 1}})


def test_a_column_without_one_fitting_value_is_a_warning(scripted: Scripted) -> None:
    scripted.declare(lines(row(1, data={"id": "a", "name": "a"}), row(2, data={"id": "b", "name": "b"})))
    assert scripted.sync().warnings == ["stream orders: no value of column id fits its type"]


def test_streams_with_one_position_together_are_committed_and_handed_back_together(scripted: Scripted) -> None:
    orders, shops = {"name": "orders", "namespace": "public"}, {"name": "shops", "namespace": "public"}
    first = [
        *lines(row(1, namespace="public"), state(1, **shared(1, orders, shops))),
        {
            "print": json.dumps(
                {
                    "type": "TRACE",
                    "trace": {
                        "type": "STREAM_STATUS",
                        "stream_status": {"stream_descriptor": orders, "status": "COMPLETE"},
                    },
                }
            )
        },
        {"exit": 1},
    ]
    both = {"name": "shops", "mode": "incremental", "cursor": "id"}
    offered = [["orders", {"namespace": "public"}], ["shops", {"namespace": "public"}]]
    scripted.declare(
        first, lines(row(2), state(1, **shared(2, orders, shops))), streams=("orders", both), offered=offered
    )
    assert scripted.sync().status is Status.SUCCEEDED
    scripted.sync()
    assert scripted.ids("orders") == [1, 2, 2]
    reads = scripted.given()
    assert [read["streams"] for read in reads] == [["orders", "shops"]] * 3  # none is complete before all are
    assert reads[0]["state"] == []
    for read, position in zip(reads[1:], (1, 2), strict=True):
        assert read["state"] == [shared(position, orders, shops)]


def test_of_a_shared_position_a_stream_that_is_sent_whole_has_no_part(scripted: Scripted) -> None:
    orders, shops = {"name": "orders"}, {"name": "shops"}
    scripted.declare(lines(row(1), state(**shared(1, orders, shops))), streams=("orders", "shops"))
    scripted.sync()
    scripted.sync()
    names = [one["stream_descriptor"]["name"] for one in scripted.given()[1]["state"][0]["global"]["stream_states"]]
    assert names == ["orders"]


def test_a_state_of_old_connectors_is_handed_back_as_they_read_it(scripted: Scripted) -> None:
    scripted.declare(lines(row(1), state(data={"orders": {"id": 1}})))
    scripted.sync()
    scripted.sync()
    assert [read["state"] for read in scripted.given()] == [[], {"orders": {"id": 1}}]


def test_a_renewed_configuration_is_used_from_then_on_and_never_shown(
    scripted: Scripted, capsys: pytest.CaptureFixture[str]
) -> None:
    scripted.declare([], token="of-the-file")
    config = json.loads(json.dumps(_config(scripted)))
    control = {"type": "CONNECTOR_CONFIG", "connectorConfig": {"config": {**config, "token": SECRET}}}
    renewal = [*lines({"type": "CONTROL", "control": control}), {"exit": 1}]
    scripted.declare(renewal, token="of-the-file")
    assert scripted.sync().attempts == 3
    job = scripted.sync()
    assert [read["token"] for read in scripted.given()[:4]] == ["of-the-file", SECRET, SECRET, SECRET]
    assert SECRET not in f"{job.message} {job.log} {capsys.readouterr()}"
    for blob in scripted.ops.list_blobs():
        assert SECRET.encode() not in blob.download_as_bytes()
    scripted.declare(whole("orders", 0, 1), token="changed by a person")
    scripted.sync()
    assert [read["token"] for read in scripted.given()] == ["changed by a person"]


def _config(scripted: Scripted) -> Any:
    return {
        "reads": [[{"exit": 1}]],
        "given": str(scripted.folder / "given"),
        "streams": [["orders", {}]],
        "properties": PROPERTIES,
    }


def test_the_same_table_in_two_schemas_is_two_streams(scripted: Scripted) -> None:
    offered = [["users", {"namespace": "public"}], ["users", {"namespace": "archive"}]]
    users = {"name": "users", "mode": "incremental", "cursor": "id"}
    both = ({**users, "namespace": "public"}, {**users, "namespace": "archive", "as": "old_users"})
    sent = [
        row(number, stream="users", namespace=space, data={"id": number, "name": space})
        for number, space in enumerate(["public", "archive", "public"])
    ]
    at = {
        "type": "STREAM",
        "stream": {"stream_descriptor": {"name": "users", "namespace": "archive"}, "stream_state": {"id": 1}},
    }
    scripted.declare(lines(*sent, state(**at)), streams=both, offered=offered)
    assert scripted.sync().rows == {"users": 2, "old_users": 1}
    assert (scripted.ids("users"), scripted.ids("old_users")) == ([0, 2], [1])
    scripted.sync()
    assert scripted.given()[1]["state"] == [at]


def test_a_stream_of_two_schemas_without_a_namespace_is_refused_with_those_there_are(scripted: Scripted) -> None:
    offered = [["orders", {"namespace": "public"}], ["orders", {"namespace": "archive"}]]
    scripted.declare([], offered=offered)
    job = scripted.sync()
    assert (job.status, job.attempts) == (Status.FAILED, 1)
    assert "stream orders: the source has it in archive, public; name one as namespace" in str(job.message)


def test_names_as_sources_have_them_are_read_and_written_under_safe_ones(scripted: Scripted) -> None:
    properties = {
        "Updated At": {"type": "string", "format": "date-time"},
        "ID": {"type": "integer"},
        "id": {"type": "integer"},
        "_airbyte_raw_id": {"type": "string"},
        "load_id": {"type": "integer"},
        "key": {"type": "object", "properties": {"part": {"type": "integer"}}},
    }
    data = {
        "Updated At": "2022-11-01T00:00:00Z",
        "ID": 900,
        "id": 1,
        "_airbyte_raw_id": "old",
        "load_id": 5,
        "key": {"part": 1},
    }
    stream = {
        "name": "Order-Lines",
        "mode": "incremental",
        "cursor": "Updated At",
        "primary_key": ["id", ["key", "part"]],
    }
    sent = lines(row(1, stream="Order-Lines", data=data))
    scripted.declare(sent, streams=(stream,), offered=[["Order-Lines", {}]], properties=properties)
    job = scripted.sync()
    assert (job.status, job.rows) == (Status.SUCCEEDED, {"order_lines": 1})
    (written,) = scripted.table("order_lines").to_pylist()
    assert (written["id"], written["ID_2"], written["source_airbyte_raw_id"], written["source_load_id"]) == (
        1,
        900,
        "old",
        5,
    )
    assert written["_airbyte_raw_id"] != "old"
    assert job.warnings == [
        "stream order_lines: 'ID' is column ID_2, '_airbyte_raw_id' is column source_airbyte_raw_id,"
        " 'load_id' is column source_load_id"
    ]
    (blob,) = scripted.files("order_lines")
    assert bronze_files.examine(blob, "Updated At").as_of == datetime(2022, 11, 1, tzinfo=UTC)
    (configured,) = scripted.given()[0]["catalog"]
    assert configured["primary_key"] == [["id"], ["key", "part"]]
    assert configured["cursor_field"] == ["Updated At"]
