"""SQLMesh's configuration of a company's project, but for what the company decides (``sqlmesh_project/config.py``)."""

from sqlmesh.core.config import (
    AutoCategorizationMode,
    CategorizerConfig,
    Config,
    LinterConfig,
    ModelDefaultsConfig,
    PlanConfig,
)

from biaac import company
from transform import gateways, macros
from transform.settings import LakeSettings


def configure(*, rules: list[str]) -> Config:
    """The configuration of this process: its gateway is SQLMESH_GATEWAY, ``rules`` are those of ``sqlmesh lint``."""
    settings = LakeSettings.load()
    gateway = gateways.chosen(settings)
    every_change = AutoCategorizationMode.FULL
    return Config(
        gateways={settings.gateway: gateway.config()},
        default_gateway=settings.gateway,
        model_defaults=ModelDefaultsConfig(
            dialect="duckdb", start=company.load(settings.company).first_day.isoformat(), cron="*/5 * * * *"
        ),
        plan=PlanConfig(
            auto_categorize_changes=CategorizerConfig(
                external=every_change, python=every_change, sql=every_change, seed=every_change
            )
        ),
        linter=LinterConfig(enabled=True, rules=rules),
        cache_dir=str(gateway.cache),
        variables={"engine": macros.CODE},  # no model uses it: a model parsed with other macros is not in this cache
        disable_anonymized_analytics=True,
    )
