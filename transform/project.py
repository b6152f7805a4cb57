"""SQLMesh's configuration of a company's project, but for what the company decides (``sqlmesh_project/config.py``)."""

from typing import Any

from sqlmesh import Context
from sqlmesh.core.config import (
    AutoCategorizationMode,
    CategorizerConfig,
    Config,
    LinterConfig,
    ModelDefaultsConfig,
    PlanConfig,
)
from sqlmesh.core.plan import PlanBuilder

from biaac import company
from transform import macros
from transform.engine import Engine
from transform.settings import LakeSettings


class RebuildingPlanBuilder(PlanBuilder):
    """Builds a changed incremental model again, all of it, in a new table.

    SQLMesh calls every model of kind INCREMENTAL_BY_PARTITION "forward only": a change of it, or of what it reads,
    would hold for new loads alone, and rows built before would keep their old values with every audit green.
    Both methods are private to SQLMesh; component/transform/test_changed_models fails when they change (docs/adr/0004).
    """

    def _is_forward_only_change(self, _: Any) -> bool:
        return False

    def _categorize_snapshots(self, *arguments: Any) -> None:
        super()._categorize_snapshots(*arguments)
        for snapshot in self._context_diff.new_snapshots.values():
            if snapshot.forward_only and snapshot.change_category is not None:
                snapshot.categorize_as(snapshot.change_category, forward_only=False)


def configure(*, rules: list[str]) -> Config:
    """The configuration of this process; ``rules`` are those of ``sqlmesh lint``."""
    Context.PLAN_BUILDER_TYPE = RebuildingPlanBuilder  # for the job and for a person's ``sqlmesh plan`` alike
    settings = LakeSettings.load()
    every_change = AutoCategorizationMode.FULL
    return Config(
        gateways={"lake": Engine(settings).config()},
        default_gateway="lake",
        model_defaults=ModelDefaultsConfig(
            dialect="duckdb", start=company.load(settings.company).first_day.isoformat(), cron="*/5 * * * *"
        ),
        plan=PlanConfig(
            auto_categorize_changes=CategorizerConfig(
                external=every_change, python=every_change, sql=every_change, seed=every_change
            )
        ),
        linter=LinterConfig(enabled=True, rules=rules),
        cache_dir=str(settings.sqlmesh_cache),
        variables={"engine": macros.CODE},  # no model uses it: a model parsed with other macros is not in this cache
        disable_anonymized_analytics=True,
    )
