"""The configured catalog: the streams a connection reads, checked against those the source has."""

from typing import Any

from biaac.connections import Connection, Stream
from biaac.errors import PermanentError


def configured(connection: Connection, discovered: dict[str, Any], *, job: int, generations: dict[str, int]) -> Any:
    """The configured catalog of the streams in ``generations``; ``PermanentError`` names what the source lacks."""
    streams = [stream for stream in connection.enabled_streams if stream.name in generations]
    return {"streams": [_stream(connection, s, discovered, job, generations[s.name]) for s in streams]}


def _stream(connection: Connection, stream: Stream, discovered: dict[str, Any], job: int, generation: int) -> Any:
    where = f"connection {connection.name}, stream {stream.name}"
    hint = f"edit streams in connections/{connection.name}.yaml"
    offered = discovered.get(stream.name)
    if offered is None:
        raise PermanentError(
            f"{where}: the source has no such stream; it has: {', '.join(sorted(discovered))}", hint=hint
        )
    modes = offered["supported_sync_modes"]
    if stream.mode not in modes:
        raise PermanentError(
            f"{where}: mode {stream.mode} is not supported; the source offers: {', '.join(modes)}", hint=hint
        )
    fields = offered["json_schema"].get("properties", {})
    cursor = [stream.cursor] if stream.cursor else []
    for field in [*stream.primary_key, *cursor]:
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
        "primary_key": [[field] for field in stream.primary_key],
        "sync_id": job,
        "generation_id": generation,
        "minimum_generation_id": generation if overwrite else 0,
    }
