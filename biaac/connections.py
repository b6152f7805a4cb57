"""Connections: one file per source; Airbyte, schedule, event routing, Bronze and freshness come from it alone.

    connections.load(settings.connections)["shop"].schedule.cron

python -m biaac.connections > docs/reference/connection.schema.json     after a change of the model: for editors
"""

import json
import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from biaac import bronze, files
from biaac.errors import PermanentError
from biaac.records import Record

NAME = r"^[a-z][a-z0-9_]{1,39}$"
STREAM = r"^[a-z][a-z0-9_]{0,62}$"  # as long as any engine takes a table's name
SECRET = re.compile(r"\$\{secret:([A-Z][A-Z0-9_]*)\}")


def _duration(value: Any) -> Any:
    """``26h``, ``90m``, ``3d`` as people write them."""
    if isinstance(value, str) and (match := re.fullmatch(r"(\d+)\s*([smhd])", value)):
        unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[match[2]]
        return timedelta(**{unit: int(match[1])})
    raise ValueError("a number and a unit such as 90m, 26h or 3d")


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("a time zone of the IANA database, such as America/New_York") from None
    return value


def _cron(value: str) -> str:
    if len(value.split()) != 5:
        raise ValueError("five cron fields: minute hour day month weekday, such as '0 5 * * *'")
    return value


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    WithJsonSchema({"type": "string", "pattern": r"^\d+\s*[smhd]$", "examples": ["90m", "26h", "3d"]}),
]


class Source(Record):
    """Which connector reads the source, and its configuration."""

    connector: str = Field(
        pattern=r"^(airbyte|sources/[a-z][a-z0-9_]*)$",
        description="A connector of our own: sources/<name>. Or airbyte: kept in an Airbyte server.",
    )
    config: dict[str, Any] = Field(default_factory=dict, description="Configuration; ${secret:NAME} for secrets.")

    @model_validator(mode="after")
    def _configured_in_one_place(self) -> Self:
        if self.connector == "airbyte" and self.config:
            raise ValueError("with connector airbyte the configuration is in Airbyte; none is expected here")
        return self

    @property
    def program(self) -> str:
        """``source-web-shop`` of ``sources/web_shop``: the connector's program and environment (bin/environment)."""
        return f"source-{self.connector.removeprefix('sources/').replace('_', '-')}"


class Schedule(Record):
    """When Cloud Scheduler starts a sync."""

    cron: Annotated[str, AfterValidator(_cron)]
    time_zone: Annotated[str, AfterValidator(_time_zone)] = "UTC"


class Freshness(Record):
    """How old the data of this connection may be before a person is warned."""

    warn_after: Duration
    fail_after: Duration

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.fail_after < self.warn_after:
            raise ValueError("fail_after must not be shorter than warn_after")
        return self

    def state(self, age: timedelta | None) -> Literal["fresh", "late", "stale", "never"]:
        """Whether data of this age is fresh; ``never`` for None, where there is no data yet."""
        if age is None:
            return "never"
        if age > self.fail_after:
            return "stale"
        return "late" if age > self.warn_after else "fresh"


class Stream(Record):
    """One table of the source and how it is read."""

    source_name: str = Field(alias="name", min_length=1, description="As the source calls it.")
    namespace: str | None = Field(None, description="The source's schema, where several have a stream of this name.")
    own_name: str | None = Field(
        None, alias="as", pattern=STREAM, description="What we call it, where the name made safe is not right."
    )
    mode: Literal["incremental", "full_refresh"]
    cursor: str | None = None
    primary_key: list[str | list[str]] = Field(
        default_factory=list, description="Fields; one inside an object is the list of names that leads to it."
    )
    enabled: bool = True

    @property
    def name(self) -> str:
        """What we call it: in Bronze, in models (``'connection/stream'``), wherever people look.

        ``as``, or the source's name in small letters: ``Order-Lines`` is order_lines, ``2fa_events`` s_2fa_events.
        """
        if self.own_name:
            return self.own_name
        safe = re.sub(r"[^a-z0-9_]", "_", bronze.without_accents(self.source_name).lower())
        return safe if re.fullmatch("[a-z].*", safe) else f"s_{safe}"

    @model_validator(mode="after")
    def _has_a_name(self) -> Self:
        if not re.fullmatch(STREAM, self.name) or not re.search("[a-z0-9]", self.name.removeprefix("s_")):
            raise ValueError(f"no name of ours can be made of {self.source_name!r}: write one, such as as: orders")
        return self

    @model_validator(mode="after")
    def _cursor_fits_mode(self) -> Self:
        if (self.mode == "incremental") != (self.cursor is not None):
            raise ValueError("mode incremental needs a cursor, mode full_refresh has none")
        return self


class Connection(Record):
    """A whole connection file."""

    name: str = Field(pattern=NAME)
    description: str
    owner: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    source: Source
    schedule: Schedule
    freshness: Freshness
    streams: list[Stream] = Field(min_length=1)

    @model_validator(mode="after")
    def _stream_names_differ(self) -> Self:
        seen = [stream.name for stream in self.streams]
        if twice := sorted({name for name in seen if seen.count(name) > 1}):
            raise ValueError(
                f"stream {twice[0]} is declared twice: give one of them another name, such as as: {twice[0]}_2"
            )
        return self

    def bronze_folder(self, stream: Stream) -> str:
        """What stands between connection and file in the names of a stream's objects.

        Our own writer uses our name. Airbyte's destination uses the source's, with the namespace where one is declared.
        """
        if self.source.connector != "airbyte":
            return stream.name
        names = [stream.source_name] if stream.namespace is None else [stream.namespace, stream.source_name]
        return "/".join(bronze.destination_name(name) for name in names)

    @property
    def id(self) -> UUID:
        """The connection id in Airbyte's public API: derived from the name, so it needs no registry."""
        return uuid5(NAMESPACE_URL, f"biaac/connections/{self.name}")

    @property
    def enabled_streams(self) -> list[Stream]:
        """The streams a sync reads."""
        return [stream for stream in self.streams if stream.enabled]


def load(directory: Path) -> dict[str, Connection]:
    """Every ``*.yaml`` of ``directory`` by connection name; ``PermanentError`` lists all faults of all files."""
    valid, faults = files.read_all(directory, Connection)
    faults += [fault for file in valid.values() if (fault := _misnamed(file))]
    if faults:
        raise PermanentError("\n".join(faults), hint="biaac connections validate")
    return {name: file.value for name, file in valid.items()}


def get(directory: Path, name: str) -> Connection:
    """One connection; ``PermanentError`` names those that exist. Only its own file is read.

    connections.get(settings.connections, "shop").enabled_streams
    """
    if not is_declared(directory, name):
        names = sorted(path.stem for path in directory.glob("*.yaml"))
        raise PermanentError(
            f"connection {name!r} does not exist; there are: {', '.join(names) or 'none'}",
            hint=f"look into {directory}",
        )
    file = files.read(directory / f"{name}.yaml", Connection)
    if fault := _misnamed(file):
        raise PermanentError(fault, hint=f"edit {file.path}")
    return file.value


def is_declared(directory: Path, name: str) -> bool:
    """Whether there is a file for a connection of this name, valid or not."""
    return re.fullmatch(NAME, name) is not None and (directory / f"{name}.yaml").is_file()


def _misnamed(file: files.File[Connection]) -> str | None:
    """The fault of a connection that is not called as its file is."""
    if file.value.name == file.path.stem:
        return None
    return file.fault(("name",), f"the file's own name {file.path.stem!r} is expected, found {file.value.name!r}")


def sync_job(connection: str) -> str:
    """The Cloud Run job that syncs a connection; names of jobs have no underscore, names of connections no hyphen.

    >>> sync_job("web_shop")
    'ingest-web-shop'
    """
    return f"ingest-{connection.replace('_', '-')}"


def resolve_secrets(config: Any, secrets: dict[str, str]) -> Any:
    """``config`` with every ``${secret:NAME}`` replaced; ``PermanentError`` names the first that is not set.

    >>> resolve_secrets({"key": "${secret:SHOP_KEY}"}, {"SHOP_KEY": "k"})
    {'key': 'k'}
    """
    if isinstance(config, dict):
        return {key: resolve_secrets(value, secrets) for key, value in config.items()}
    if isinstance(config, list):
        return [resolve_secrets(value, secrets) for value in config]
    if isinstance(config, (date, datetime)):
        return config.isoformat()
    if not isinstance(config, str):
        return config

    def value_of(match: re.Match[str]) -> str:
        if match[1] not in secrets:
            raise PermanentError(f"secret {match[1]} is not set", hint=f"biaac secrets set {match[1]}")
        return secrets[match[1]]

    return SECRET.sub(value_of, config)


def secrets_of(connection: Connection) -> list[str]:
    """The names of all ``${secret:NAME}`` of a connection file, in order."""
    return sorted(set(SECRET.findall(json.dumps(connection.source.config, default=str))))


def json_schema() -> str:
    """The JSON Schema of a connection file, as ``docs/reference/connection.schema.json`` has it for editors."""
    return json.dumps(Connection.model_json_schema(), indent=2) + "\n"


if __name__ == "__main__":
    print(json_schema(), end="")
