"""The real source in its own environment: the protocol by its commands, and one daily sync into Bronze."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from biaac.settings import ROOT
from ingestion import states
from ingestion.job_records import Status
from ingestion.states import States, StreamState
from tests.component.ingestion.conftest import Scripted

SOURCE = ROOT / ".biaac/envs/source-grocery/bin/source-grocery"


def run(folder: Path, command: str, *, config: Any = None, **files: Any) -> tuple[int, list[Any]]:
    """Exit code and messages of one command; each file is given as its value."""
    line = [str(SOURCE), command]
    given = files if config is None else {"config": config, **files}
    for name, value in given.items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(value))
        line += [f"--{name}", str(path)]
    done = subprocess.run(line, capture_output=True, check=False, timeout=60)
    return done.returncode, [json.loads(text) for text in done.stdout.splitlines()]


def configured(folder: Path, *names: str) -> dict[str, Any]:
    _, (message,) = run(folder, "discover", config={})
    streams = [stream for stream in message["catalog"]["streams"] if stream["name"] in names]
    return {"streams": [{"stream": s, "sync_mode": s["supported_sync_modes"][-1]} for s in streams]}


def test_spec_check_and_discover_speak_the_protocol(tmp_path: Path) -> None:
    code, (spec,) = run(tmp_path, "spec")
    assert (code, spec["type"]) == (0, "SPEC")
    assert set(spec["spec"]["connectionSpecification"]["properties"]) == {"start_date", "through"}
    assert run(tmp_path, "check", config={})[1][0]["connectionStatus"] == {"status": "SUCCEEDED"}
    _, (discovered,) = run(tmp_path, "discover", config={})
    names = [stream["name"] for stream in discovered["catalog"]["streams"]]
    assert names[0] == "transactions"
    assert "promotions" in names


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"through": "2017-13-01"}, "through: a day such as 2017-12-24 is expected, found '2017-13-01'"),
        ({"start_date": 2017}, "start_date: a day such as 2017-12-24 is expected, found 2017"),
        ({"trough": "2017-12-01"}, "config has no field 'trough'; there are: start_date, through"),
    ],
)
def test_a_wrong_configuration_is_named_by_check_and_by_read(tmp_path: Path, config: Any, message: str) -> None:
    failed = run(tmp_path, "check", config=config)[1][0]["connectionStatus"]
    assert failed == {"status": "FAILED", "message": message}
    code, (error,) = run(tmp_path, "read", config=config, catalog={"streams": []})
    assert (code, error["trace"]["error"]["failure_type"]) == (1, "config_error")


def test_a_day_is_delivered_with_its_state_and_after_the_last_day_nothing(tmp_path: Path) -> None:
    catalog = configured(tmp_path, "transactions")
    state = [_state("2017-12-31")]
    counts = []
    for _ in range(3):
        _, messages = run(tmp_path, "read", config={}, catalog=catalog, state=state)
        counts.append(sum(message["type"] == "RECORD" for message in messages))
        if committed := [message["state"] for message in messages if message["type"] == "STATE"]:
            assert committed[-1]["sourceStats"]["recordCount"] == counts[-1]
            state = [{"type": "STREAM", "stream": committed[-1]["stream"]}]
    assert counts[1:] == [534, 0]  # the hours after midnight of 2018, and the end
    assert counts[0] > 0
    assert state == [_state("2018-01-02")]


def test_through_delivers_every_day_up_to_it_in_one_sync_and_then_stands_still(tmp_path: Path) -> None:
    catalog = configured(tmp_path, "transactions")
    config = {"through": "2018-01-01"}
    _, messages = run(tmp_path, "read", config=config, catalog=catalog, state=[_state("2017-12-30")])
    days = {m["record"]["data"]["transaction_timestamp"][:10] for m in messages if m["type"] == "RECORD"}
    assert days == {"2017-12-30", "2017-12-31", "2018-01-01"}
    _, messages = run(tmp_path, "read", config=config, catalog=catalog, state=[_state("2018-01-02")])
    assert not [message for message in messages if message["type"] == "RECORD"]


def test_a_daily_sync_brings_the_day_to_bronze_to_the_cent(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = (ROOT / "connections/grocery.yaml").read_text()
    (tmp_path / "connections/scripted.yaml").write_text(text.replace("name: grocery", "name: scripted"))
    monkeypatch.setenv("CONNECTORS_DIR", str(ROOT / ".biaac/envs"))
    before = States.open(scripted.ops, "scripted")
    before.streams["transactions"] = StreamState(state={"delivered_before": "2017-12-01"})
    before.commit()
    job = scripted.sync()
    assert job.status is Status.SUCCEEDED, job.message
    assert job.rows["transactions"] == 3388
    assert "promotions" not in job.rows
    rows = scripted.table("transactions")
    cents = pc.round(rows["sales_value"], 2).cast(pa.decimal128(18, 2))
    assert str(pc.sum(cents)) == "11209.19"
    assert rows.schema.field("transaction_timestamp").type == pa.timestamp("us", "UTC")
    assert str(pc.min(rows["transaction_timestamp"])) == "2017-12-01 00:01:46+00:00"
    households = scripted.table("households")
    assert (len(households), households["age"].null_count) == (801, 0)
    assert states.States.open(scripted.ops, "scripted").streams["transactions"].state == {
        "delivered_before": "2017-12-02"
    }


def _state(day: str) -> dict[str, Any]:
    stream = {"stream_descriptor": {"name": "transactions"}, "stream_state": {"delivered_before": day}}
    return {"type": "STREAM", "stream": stream}
