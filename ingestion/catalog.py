"""The configured catalogue: what a connection asks of a source, checked against what the source has."""

from typing import Any

from biaac.connections import Connection, Stream
from biaac.errors import PermanentError


def configured(connection: Connection, discovered: dict[str, Any], *, job: int, generations: dict[str, int]) -> Any:
    """The configured catalog of the streams in ``generations``; ``PermanentError`` names what the source lacks."""
    wanted = [stream for stream in connection.enabled_streams if stream.name in generations]
    return {"streams": [_stream(connection, s, discovered, job, generations[s.name]) for s in wanted]}


def _stream(connection: Connection, stream: Stream, discovered: dict[str, Any], job: int, generation: int) -> Any:
    found = discovered.get(stream.name)
    where = f"connection {connection.name}, stream {stream.name}"
    if found is None:
        raise PermanentError(
            f"{where}: the source has no such stream; it has: {', '.join(sorted(discovered))}",
            hint=f"edit streams in connections/{connection.name}.yaml",
        )
    if stream.mode not in found["supported_sync_modes"]:
        raise PermanentError(
            f"{where}: mode {stream.mode} is not supported; the source offers: "
            f"{', '.join(found['supported_sync_modes'])}",
            hint=f"edit streams in connections/{connection.name}.yaml",
        )
    fields = found["json_schema"].get("properties", {})
    for field in [*stream.primary_key, *([stream.cursor] if stream.cursor else [])]:
        if field not in fields:
            raise PermanentError(
                f"{where}: there is no field {field!r}; there are: {', '.join(sorted(fields))}",
                hint=f"edit streams in connections/{connection.name}.yaml",
            )
    overwrite = stream.mode == "full_refresh"
    return {
        "stream": found,
        "sync_mode": stream.mode,
        "destination_sync_mode": "overwrite" if overwrite else "append",
        "cursor_field": [stream.cursor] if stream.cursor else [],
        "primary_key": [[field] for field in stream.primary_key],
        "sync_id": job,
        "generation_id": generation,
        "minimum_generation_id": generation if overwrite else 0,
    }
