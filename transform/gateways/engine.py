"""DuckDB, the engine of both gateways: its extensions from wheels, its settings, its access to Cloud Storage."""

from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from sqlmesh.core.config.connection import DuckDBAttachOptions, DuckDBConnectionConfig

from biaac.errors import PermanentError

Secret = dict[str, str]


def connection(
    lake: str | DuckDBAttachOptions, *, extensions: list[str], secrets: dict[str, Secret]
) -> DuckDBConnectionConfig:
    """An engine with catalogue ``lake``. Secrets are named: of unnamed ones the second would replace the first."""
    return DuckDBConnectionConfig(
        catalogs={"lake": lake},
        extensions=[_extension(name) for name in extensions],
        connector_config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "TimeZone": "UTC",
        },
        register_comments=False,  # releases carry them; here they would be a third of a run's statements
        secrets={name: _escaped(secret) for name, secret in secrets.items()},
    )


def storage(bucket: str, stand_in: str | None) -> Secret:
    """A secret for ``bucket`` without its credentials; ``stand_in`` is http://host:port, None the real service."""
    place = {"type": "gcs", "scope": f"gs://{bucket}"}
    if stand_in:
        place |= {"endpoint": urlsplit(stand_in).netloc, "use_ssl": "false", "url_style": "path"}
    return place


def create_secret(name: str, secret: Secret) -> str:
    """The statement that makes or replaces a secret, as SQLMesh makes it from ``connection``."""
    fields = [f"{field} '{value}'" for field, value in _escaped(secret).items()]
    return f"CREATE OR REPLACE SECRET {name} ({', '.join(fields)})"


def _extension(name: str) -> dict[str, str]:
    """A DuckDB extension from its wheel: the quoted path makes SQLMesh's INSTALL and LOAD stay off the network."""
    package = find_spec(f"duckdb_extension_{name}")
    if package is None or not package.submodule_search_locations:
        wheel = f"duckdb-extension-{name.replace('_', '-')}"
        raise PermanentError(f"package {wheel} is not installed", hint="uv sync --group transform")
    folder = Path(package.submodule_search_locations[0])
    return {"name": f"'{next(folder.rglob(f'{name}.duckdb_extension'))}'"}


def _escaped(secret: Secret) -> Secret:
    """SQLMesh puts the values between quotes and leaves those inside to us."""
    return {field: value.replace("'", "''") for field, value in secret.items()}
