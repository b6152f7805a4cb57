"""The rules that config.py switches on. Rules of your own stand here, too."""

from transform.linter_rules import (  # noqa: F401  SQLMesh finds rules by looking into this module
    EveryColumnHasAComment,
    EveryModelIsDocumented,
    EveryStoredModelIsAudited,
    GoldHasAUnitTest,
    OneLayerDown,
)
