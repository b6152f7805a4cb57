"""Loads: one stream of Bronze as a typed relation, and which loads a run works on.

The only place that says how an engine reads Bronze files.
"""

from typing import Any

from sqlglot import exp, parse_one

EVERY_ROW_HAS = {
    "_airbyte_extracted_at TIMESTAMPTZ": "When the connector read the row.",
    "_airbyte_raw_id TEXT": "Unique to each row sent, also to one sent twice.",
}
LOAD_ID = "Load that admitted the row: its slot in the ledger."


def bronze(evaluator: Any, stream: exp.Expression, which: exp.Expression, *columns: exp.Expression) -> exp.Expression:
    """SELECT the declared columns of ``'connection/stream'`` with their comments, two of Airbyte's, and ``load_id``.

    ``which`` is ``'each_load'`` (append streams: the files that the loads of this interval admitted) or
    ``'latest_load'`` (streams sent whole: the newest admitted generation). A file that lacks a declared column gives
    NULL, of one that has more the rest is left; a stream with no file gives no row. Files are named only while a model
    is built (SQLMesh renders a model's first build as "creating"), so its fingerprint does not change with them.
    """
    from transform.bronze_files import uris

    declared = [text.split(" ", 1) for text in [*(column.name for column in columns), *EVERY_ROW_HAS]]
    nothing = "SELECT " + ", ".join(f"NULL::{kind} AS {name}" for name, kind in declared)
    selects = [f"{nothing}, NULL::BIGINT AS load_id WHERE FALSE"]
    if evaluator.runtime_stage in ("creating", "evaluating"):
        bounds = evaluator.locals.get("start_ts"), evaluator.locals.get("end_ts")  # absent in models of kind FULL
        for load_id, names in uris(stream.name, which.name, bounds).items():
            typed = ", ".join(f"{name}::{kind} AS {name}" for name, kind in declared)
            files = ", ".join(f"'{name}'" for name in names)
            rows = f"SELECT * FROM READ_PARQUET([{files}], union_by_name = TRUE)"
            selects.append(
                f"SELECT {typed}, {load_id}::BIGINT AS load_id"
                f" FROM ({nothing} WHERE FALSE UNION ALL BY NAME {rows}) AS load_{load_id}"
            )
    query = parse_one(" UNION ALL ".join(selects), dialect="duckdb")
    comments = [*(column.comments for column in columns), *([text] for text in (*EVERY_ROW_HAS.values(), LOAD_ID))]
    for column, comment in zip(query.selects, comments, strict=True):
        column.comments = comment
    return query


def of_these_loads(evaluator: Any, load_id: exp.Expression) -> exp.Expression:
    """Whether ``load_id`` is one of the loads that this run works on."""
    first, last = interval(evaluator)
    return parse_one(f"{load_id.sql('duckdb')} BETWEEN {first} AND {last}", dialect="duckdb")


def drop_emptied_loads(evaluator: Any, stream: exp.Expression) -> exp.Expression | None:
    """Delete the versions of these loads whose Bronze files are gone; stands after the query of a table of versions.

    A load that was refused is built again with the next one; what somebody took out of Bronze meanwhile must go.
    """
    if evaluator.runtime_stage != "evaluating":
        return None
    from transform.bronze_files import uris

    this = evaluator.locals["this_model"]
    table = this.sql("duckdb") if isinstance(this, exp.Expression) else this
    first, last = interval(evaluator)
    bounds = evaluator.locals["start_ts"], evaluator.locals["end_ts"]
    standing = ", ".join(str(load_id) for load_id in uris(stream.name, "each_load", bounds)) or "NULL"
    return parse_one(
        f"DELETE FROM {table} WHERE load_id BETWEEN {first} AND {last} AND COALESCE(load_id NOT IN ({standing}), TRUE)",
        dialect="duckdb",
    )


def interval(evaluator: Any) -> tuple[int, int]:
    """First and last load id of the interval that SQLMesh builds; zeros while it only loads the model."""
    return _load_id(evaluator.locals.get("start_ts")), _load_id(evaluator.locals.get("end_ts"))


def _load_id(timestamp: str | None) -> int:
    """2026-11-24 06:05:00 -> 202611240605; 0 while SQLMesh only loads the model and gives no interval."""
    return int("".join(c for c in timestamp[:16] if c.isdigit())) if timestamp else 0
