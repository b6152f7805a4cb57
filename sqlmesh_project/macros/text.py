"""@clean_text: text as people should read it."""

from typing import Any

from sqlglot import exp, parse_one
from sqlmesh import macro


@macro()
def clean_text(_: Any, text: exp.Expression) -> exp.Expression:
    """``text`` without blanks around it and with single ones inside; NULL if nothing is left."""
    return parse_one(f"NULLIF(TRIM(REGEXP_REPLACE({text.sql('duckdb')}, '\\s+', ' ', 'g')), '')", dialect="duckdb")
