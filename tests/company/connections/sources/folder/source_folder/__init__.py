"""Airbyte source: the JSON Lines files of a folder.

    source-folder spec
    source-folder check    --config FILE
    source-folder discover --config FILE
    source-folder read     --config FILE --catalog FILE [--state FILE]

``streams.json`` in the folder names each stream's columns, primary key and cursor; its rows are in ``<stream>.jsonl``.
An incremental sync reads the rows that were appended since the last one.
"""

import argparse
import json
import sys
import time
from itertools import islice
from pathlib import Path
from typing import Any

TYPES: dict[str, dict[str, Any]] = {
    "integer": {"type": ["null", "integer"]},
    "number": {"type": ["null", "number"]},
    "text": {"type": ["null", "string"]},
    "boolean": {"type": ["null", "boolean"]},
    "date": {"type": ["null", "string"], "format": "date"},
    "timestamp": {"type": ["null", "string"], "format": "date-time", "airbyte_type": "timestamp_with_timezone"},
}
SPECIFICATION = {
    "supportsIncremental": True,
    "supported_destination_sync_modes": ["append", "overwrite"],
    "connectionSpecification": {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "required": ["folder"],
        "additionalProperties": False,
        "properties": {"folder": {"type": "string", "title": "Folder with streams.json and the files of rows"}},
    },
}


class ConfigError(Exception):
    """The configuration cannot be served: a person must change it."""


def main() -> None:
    """Run one command of the protocol; exit code 1 after an ERROR message."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["spec", "check", "discover", "read"])
    for name in ("config", "catalog", "state"):
        parser.add_argument(f"--{name}", type=lambda path: json.loads(Path(path).read_bytes()))
    arguments = parser.parse_args()
    try:
        if arguments.command == "spec":
            send("SPEC", spec=SPECIFICATION)
        elif arguments.command == "check":
            send("CONNECTION_STATUS", connectionStatus=check(arguments.config))
        elif arguments.command == "discover":
            send("CATALOG", catalog={"streams": discover(folder_of(arguments.config))})
        else:
            read(folder_of(arguments.config), arguments.catalog, arguments.state or [])
    except ConfigError as error:
        detail = {"message": str(error), "failure_type": "config_error"}
        send("TRACE", trace={"type": "ERROR", "emitted_at": now_ms(), "error": detail})
        sys.exit(1)


def check(config: dict[str, Any]) -> dict[str, str]:
    """Whether the folder can be read."""
    try:
        folder_of(config)
    except ConfigError as error:
        return {"status": "FAILED", "message": str(error)}
    return {"status": "SUCCEEDED"}


def folder_of(config: dict[str, Any]) -> Path:
    """The folder of a configuration; ``ConfigError`` if it is not one of this source's."""
    if config.keys() != {"folder"}:
        raise ConfigError(f"config: expected the one field folder, found {', '.join(sorted(config)) or 'none'}")
    folder = Path(config["folder"])
    if not (folder / "streams.json").is_file():
        raise ConfigError(f"folder: {folder / 'streams.json'} does not exist")
    return folder


def discover(folder: Path) -> list[dict[str, Any]]:
    """Every stream as an AirbyteStream."""
    streams = json.loads((folder / "streams.json").read_bytes())
    return [
        {
            "name": name,
            "json_schema": {
                "$schema": "http://json-schema.org/draft-07/schema#",
                "type": "object",
                "properties": {column: TYPES[kind] for column, kind in stream["columns"].items()},
            },
            "supported_sync_modes": ["full_refresh", "incremental"] if "cursor" in stream else ["full_refresh"],
            "source_defined_cursor": "cursor" in stream,
            "default_cursor_field": [stream["cursor"]] if "cursor" in stream else [],
            "source_defined_primary_key": [[column] for column in stream["primary_key"]],
            "is_resumable": "cursor" in stream,
        }
        for name, stream in streams.items()
    ]


def read(folder: Path, catalog: dict[str, Any], state: list[dict[str, Any]]) -> None:
    """Send the rows of every configured stream; of an incremental one, those after the state."""
    states = {entry["stream"]["stream_descriptor"]["name"]: entry["stream"].get("stream_state") for entry in state}
    for configured in catalog["streams"]:
        name = configured["stream"]["name"]
        incremental = configured["sync_mode"] == "incremental"
        before = (states.get(name) or {"rows": 0})["rows"] if incremental else 0
        send_status(name, "STARTED")
        count = 0
        with (folder / f"{name}.jsonl").open(encoding="utf-8") as rows:
            for row in islice(rows, before, None):
                send("RECORD", record={"stream": name, "emitted_at": now_ms(), "data": json.loads(row)})
                count += 1
        if incremental:
            stream = {"stream_descriptor": {"name": name}, "stream_state": {"rows": before + count}}
            send("STATE", state={"type": "STREAM", "stream": stream, "sourceStats": {"recordCount": count}})
        send_status(name, "COMPLETE")


def send_status(stream: str, status: str) -> None:
    """A TRACE message: a stream is STARTED or COMPLETE."""
    detail = {"stream_descriptor": {"name": stream}, "status": status}
    send("TRACE", trace={"type": "STREAM_STATUS", "emitted_at": now_ms(), "stream_status": detail})


def send(kind: str, **content: Any) -> None:
    """One message of the protocol on standard output."""
    print(json.dumps({"type": kind, **content}), flush=True)


def now_ms() -> int:
    """Milliseconds since 1970."""
    return int(time.time() * 1000)
