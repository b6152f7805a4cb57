"""SQLMesh's configuration. One gateway: ``local``, a DuckDB file. What is engine-specific stands here and in macros/.

Read by ``sqlmesh`` in this folder and by the transform job alike; both need the variables of ``biaac.settings``.
"""

from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from sqlmesh.core.config import (
    AutoCategorizationMode,
    CategorizerConfig,
    Config,
    GatewayConfig,
    LinterConfig,
    ModelDefaultsConfig,
    PlanConfig,
)
from sqlmesh.core.config.connection import DuckDBConnectionConfig

from biaac.errors import PermanentError
from sqlmesh_project.settings import LakeSettings

# Loads are 5-minute intervals. SQLMesh counts them from here whenever it plans (about 2 s for each year), so this is
# the day the first load can have, not the first day of the data: business time is no clock of ours.
FIRST_DAY = "2026-11-01"


def _extension(name: str) -> dict[str, str]:
    """A DuckDB extension from its wheel: the quoted path makes SQLMesh's INSTALL and LOAD stay off the network."""
    package = find_spec(f"duckdb_extension_{name}")
    if package is None or not package.submodule_search_locations:
        raise PermanentError(f"package duckdb-extension-{name} is not installed", hint="uv sync --group transform")
    folder = Path(package.submodule_search_locations[0])
    return {"name": f"'{next(folder.rglob(f'{name}.duckdb_extension'))}'"}


def _bronze_secret(settings: LakeSettings) -> dict[str, str]:
    """How DuckDB reads Bronze objects of the laptop's storage server; any key will do there."""
    if not settings.storage_emulator:
        raise PermanentError("gateway local reads Bronze from the laptop's storage", hint="set STORAGE_EMULATOR_HOST")
    endpoint = urlsplit(settings.storage_emulator).netloc
    return {
        "type": "gcs",
        "key_id": "laptop",
        "secret": "laptop",
        "endpoint": endpoint,
        "use_ssl": "false",
        "url_style": "path",
        "scope": f"gs://{settings.bronze_bucket}",
    }


def _local(settings: LakeSettings) -> GatewayConfig:
    settings.lake_folder.mkdir(parents=True, exist_ok=True)
    return GatewayConfig(
        connection=DuckDBConnectionConfig(
            catalogs={"lake": str(settings.lake_folder / "lake.duckdb")},
            extensions=[_extension("httpfs")],
            connector_config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "TimeZone": "UTC",
            },
            register_comments=False,  # releases carry them; here they would be a third of a run's statements
            secrets={"bronze": _bronze_secret(settings)},  # named and scoped: another gs:// secret must not replace it
        ),
        state_connection=DuckDBConnectionConfig(database=str(settings.lake_folder / "state.duckdb")),
    )


def _config(settings: LakeSettings) -> Config:
    gateways = {"local": _local}
    if settings.gateway not in gateways:
        raise PermanentError(f"SQLMESH_GATEWAY is {settings.gateway!r}; there is: {', '.join(gateways)}")
    every_change = AutoCategorizationMode.FULL
    return Config(
        gateways={settings.gateway: gateways[settings.gateway](settings)},
        default_gateway=settings.gateway,
        model_defaults=ModelDefaultsConfig(dialect="duckdb", start=FIRST_DAY, cron="*/5 * * * *"),
        plan=PlanConfig(
            auto_categorize_changes=CategorizerConfig(
                external=every_change, python=every_change, sql=every_change, seed=every_change
            )
        ),
        linter=LinterConfig(
            enabled=True,
            rules=[
                "ambiguousorinvalidcolumn",
                "invalidselectstarexpansion",
                "noambiguousprojections",
                "everymodelisdocumented",
                "everycolumnhasacomment",
                "everystoredmodelisaudited",
                "onelayerdown",
                "goldhasaunittest",
            ],
        ),
        cache_dir=str(settings.lake_folder / "cache"),
        disable_anonymized_analytics=True,
    )


config = _config(LakeSettings.load())
