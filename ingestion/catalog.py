"""The configured catalog: the streams a connection reads, checked against those the source has."""

from typing import Any

from biaac.connections import Connection, Stream
from biaac.errors import PermanentError
from ingestion.messages import Message


def configured(connection: Connection, offered: dict[str, Message], *, job: int, generations: dict[str, int]) -> Any:
    """The configured catalog of the streams that ``offered`` has; ``PermanentError`` names what the source lacks."""
    streams = [stream for stream in connection.enabled_streams if stream.name in offered]
    return {"streams": [_stream(connection, s, offered[s.name], job, generations[s.name]) for s in streams]}


def offered(connection: Connection, stream: Stream, discovered: list[Message]) -> Message:
    """The source's own description of a stream."""
    named = [one for one in discovered if one["name"] == stream.source_name]
    spaces = [one.get("namespace") for one in named]
    if stream.namespace is not None:
        named = [one for one in named if one.get("namespace") == stream.namespace]
    if len(named) == 1:
        return named[0]
    has = ", ".join(sorted(one["name"] for one in discovered))
    if spaces:
        in_these = ", ".join(sorted(str(space) for space in spaces))
        what = f"the source has it in {in_these}; name one as namespace"
    else:
        what = f"the source has no such stream; it has: {has}"
    raise PermanentError(f"{_where(connection, stream)}: {what}", hint=_hint(connection))


def _where(connection: Connection, stream: Stream) -> str:
    return f"connection {connection.name}, stream {stream.source_name}"


def _hint(connection: Connection) -> str:
    return f"edit streams in connections/{connection.name}.yaml"


def _stream(connection: Connection, stream: Stream, offered: Message, job: int, generation: int) -> Any:
    where, hint = _where(connection, stream), _hint(connection)
    modes = offered["supported_sync_modes"]
    if stream.mode not in modes:
        raise PermanentError(
            f"{where}: mode {stream.mode} is not supported; the source offers: {', '.join(modes)}", hint=hint
        )
    fields = offered["json_schema"].get("properties", {})
    cursor = [stream.cursor] if stream.cursor else []
    keys = [[key] if isinstance(key, str) else key for key in stream.primary_key]
    for field in [*(key[0] for key in keys), *cursor]:
        if field not in fields:
            raise PermanentError(
                f"{where}: there is no field {field!r}; there are: {', '.join(sorted(fields))}", hint=hint
            )
    overwrite = stream.mode == "full_refresh"
    return {
        "stream": offered,
        "sync_mode": stream.mode,
        "destination_sync_mode": "overwrite" if overwrite else "append",
        "cursor_field": cursor,
        "primary_key": keys,
        "sync_id": job,
        "generation_id": generation,
        "minimum_generation_id": generation if overwrite else 0,
    }
