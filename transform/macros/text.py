"""@clean_text: text as people should read it."""

from typing import Any

from sqlglot import exp, parse_one


def clean_text(_: Any, text: exp.Expression) -> exp.Expression:
    """``text`` without blanks around it and with single ones inside; NULL if nothing is left.

    Few values have double blanks, and a regular expression over each of half a million takes a second.
    """
    raw = text.sql("duckdb")
    single = f"CASE WHEN {raw} LIKE '%  %' THEN REGEXP_REPLACE({raw}, ' +', ' ', 'g') ELSE {raw} END"
    return parse_one(f"NULLIF(TRIM({single}), '')", dialect="duckdb")
