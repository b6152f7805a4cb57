"""Rules that every model of a project keeps, checked by ``sqlmesh lint``."""

from sqlmesh.core.linter.rule import Rule, RuleViolation
from sqlmesh.core.model import Model

from transform import column_comments

# A layer reads the one below and its own.
READS = {"bronze": set(), "silver": {"bronze", "silver"}, "gold": {"silver", "gold"}}


class EveryModelIsDocumented(Rule):
    """A model declares description, owner and grain: they go into the release, and from there to every reader."""

    def check_model(self, model: Model) -> RuleViolation | None:
        """Name what the model does not declare."""
        declared = {"description": model.description, "owner": model.owner, "grain": model.grains}
        missing = [name for name, value in declared.items() if not value]
        return self.violation(f"{model.name} declares no {', no '.join(missing)}.") if missing else None


class EveryColumnHasAComment(Rule):
    """Every column has a comment beside it, or passes on a column that has one."""

    def check_model(self, model: Model) -> RuleViolation | None:
        """Name the columns without a comment."""
        missing = sorted(set(model.columns_to_types or {}) - set(column_comments.of(model, self.context.models)))
        return self.violation(f"{model.name} has no comment on {', '.join(missing)}.") if missing else None


class EveryStoredModelIsAudited(Rule):
    """A model whose rows somebody may read has an audit."""

    def check_model(self, model: Model) -> RuleViolation | None:
        """Bronze models are embedded into their readers and store nothing."""
        return None if model.audits or model.kind.is_symbolic else self.violation(f"{model.name} has no audit.")


class OneLayerDown(Rule):
    """Bronze reads files, Silver reads Bronze, Gold reads Silver; each may also read its own layer."""

    def check_model(self, model: Model) -> RuleViolation | None:
        """Name the models of a layer that is not this one's to read."""
        allowed = READS.get(model.schema_name)
        if allowed is None:
            return self.violation(f"{model.name} stands in none of the layers {', '.join(READS)}.")
        wrong = sorted(
            name.replace('"', "") for name in model.depends_on if name.split(".")[-2].strip('"') not in allowed
        )
        return self.violation(f"{model.name} reads {', '.join(wrong)}: not one layer down.") if wrong else None


class GoldHasAUnitTest(Rule):
    """A Gold model has a unit test in tests/: what dashboards show is promised by example."""

    def check_model(self, model: Model) -> RuleViolation | None:
        """Silver and Bronze are tested through Gold, and where they have logic of their own."""
        if model.schema_name != "gold" or model.name in self.context.models_with_tests:
            return None
        return self.violation(f"{model.name} has no unit test in tests/.")
