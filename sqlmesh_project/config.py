"""SQLMesh's configuration. The gateway is chosen by SQLMESH_GATEWAY; what differs between them stands in gateways/.

Read by ``sqlmesh`` in this folder and by the transform job alike; both need the variables of ``biaac.settings``.
"""

from sqlmesh.core.config import (
    AutoCategorizationMode,
    CategorizerConfig,
    Config,
    LinterConfig,
    ModelDefaultsConfig,
    PlanConfig,
)

from biaac import company
from transform import gateways
from transform.settings import LakeSettings


def _config(settings: LakeSettings) -> Config:
    gateway = gateways.chosen(settings)
    every_change = AutoCategorizationMode.FULL
    first_day = company.load(settings.company).first_day.isoformat()
    return Config(
        gateways={settings.gateway: gateway.config()},
        default_gateway=settings.gateway,
        model_defaults=ModelDefaultsConfig(dialect="duckdb", start=first_day, cron="*/5 * * * *"),
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
        cache_dir=str(gateway.cache),
        disable_anonymized_analytics=True,
    )


config = _config(LakeSettings.load())
