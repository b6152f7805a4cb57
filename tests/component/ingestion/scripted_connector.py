"""A connector that does what its configuration says: the outside world with its quirks, as a process of its own.

``config.reads`` has the steps of the first read, of the second, and so on (the last repeats); ``config.given`` is a
file to which each read appends the state and catalogue it was given. Uses the standard library only.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def send(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


def send_row(stream: str, data: dict[str, Any], emitted_at: int = 1_700_000_000_000) -> None:
    send({"type": "RECORD", "record": {"stream": stream, "data": data, "emitted_at": emitted_at}})


def send_rows(stream: str, first: int, end: int) -> None:
    for n in range(first, end):
        send_row(stream, {"id": n, "name": f"row {n}"}, 1_700_000_000_000 + n)


def send_state(stream: str, state: Any, count: int) -> None:
    descriptor = {"stream_descriptor": {"name": stream}, "stream_state": state}
    statistics = {"sourceStats": {"recordCount": count}}
    send({"type": "STATE", "state": {"type": "STREAM", "stream": descriptor, **statistics}})


def send_trace(kind: str, key: str, value: Any) -> None:
    send({"type": "TRACE", "trace": {"type": kind, "emitted_at": 0, key: value}})


def send_status(stream: str, status: str) -> None:
    send_trace("STREAM_STATUS", "stream_status", {"stream_descriptor": {"name": stream}, "status": status})


def wait_until(path: str) -> None:
    while not Path(path).exists():
        time.sleep(0.02)  # a poll; the runner's silence limit bounds it


STEPS: dict[str, Callable[[Any], None]] = {
    "rows": lambda value: send_rows(*value),  # [stream, first, end): {"id": n, "name": "row n"}
    "row": lambda value: send_row(*value),  # [stream, data]
    "state": lambda value: send_state(*value),  # [stream, state, rows since the last]
    "status": lambda value: send_status(*value),  # [stream, STARTED | COMPLETE | INCOMPLETE]
    "error": lambda value: send_trace("ERROR", "error", value),
    "log": lambda value: send({"type": "LOG", "log": {"level": "INFO", "message": value}}),
    "print": lambda value: print(value, flush=True),
    "stderr": lambda value: print(value, file=sys.stderr, flush=True),
    "until": wait_until,  # a file exists
    "hang": lambda _: time.sleep(600),  # whoever runs it must not wait for it
    "exit": sys.exit,
}


def main() -> None:
    command, *options = sys.argv[1:]
    files = dict(zip(options[::2], options[1::2], strict=True))
    config = json.loads(Path(files["--config"]).read_text())
    if command == "discover":
        schema = {"type": "object", "properties": config["properties"]}
        modes = {"supported_sync_modes": ["full_refresh", "incremental"]}
        streams = [{"name": name, "json_schema": schema, **modes, **more} for name, more in config["streams"]]
        send({"type": "CATALOG", "catalog": {"streams": streams}})
        return
    given = Path(config["given"])
    before = len(given.read_text().splitlines()) if given.exists() else 0
    catalog = json.loads(Path(files["--catalog"]).read_text())["streams"]
    names = [s["stream"]["name"] for s in catalog]
    state = json.loads(Path(files["--state"]).read_text())
    single = isinstance(state, list) and all(s["type"] == "STREAM" for s in state)
    states = {s["stream"]["stream_descriptor"]["name"]: s["stream"]["stream_state"] for s in state} if single else {}
    read = {"streams": names, "states": states, "state": state, "catalog": catalog, "token": config.get("token")}
    with given.open("a") as file:
        file.write(json.dumps(read) + "\n")
    for one in config["reads"][min(before, len(config["reads"]) - 1)]:
        ((what, value),) = one.items()
        STEPS[what](value)


if __name__ == "__main__":
    main()
