"""@bronze: one stream of Bronze as a typed relation. The only place that says how an engine reads Bronze files."""

from typing import Any

from sqlglot import exp, parse_one
from sqlmesh import macro

EVERY_ROW_HAS = ("_airbyte_extracted_at TIMESTAMPTZ", "_airbyte_raw_id TEXT")


@macro()
def bronze(evaluator: Any, stream: exp.Expression, which: exp.Expression, *columns: exp.Expression) -> exp.Expression:
    """SELECT the declared columns of ``'connection/stream'``, two of Airbyte's, and ``load_id``.

    ``which`` is ``'each_load'`` (append streams: the files that the loads of this interval admitted) or
    ``'latest_load'`` (streams sent whole: the newest admitted generation). A file that lacks a declared column gives
    NULL, of one that has more the rest is left; a stream with no file gives no row. Files are named only while a model
    is built (SQLMesh renders a model's first build as "creating"), so its fingerprint does not change with them.
    """
    from sqlmesh_project.bronze import uris

    declared = [text.split(" ", 1) for text in [*(column.name for column in columns), *EVERY_ROW_HAS]]
    nothing = "SELECT " + ", ".join(f"NULL::{kind} AS {name}" for name, kind in declared)
    selects = [f"{nothing}, NULL::BIGINT AS load_id WHERE FALSE"]
    if evaluator.runtime_stage in ("creating", "evaluating"):
        interval = evaluator.locals.get("start_ts"), evaluator.locals.get("end_ts")  # absent in models of kind FULL
        for load_id, names in uris(stream.name, which.name, interval).items():
            typed = ", ".join(f"{name}::{kind} AS {name}" for name, kind in declared)
            files = ", ".join(f"'{name}'" for name in names)
            rows = f"SELECT * FROM READ_PARQUET([{files}], union_by_name = TRUE)"
            selects.append(
                f"SELECT {typed}, {load_id}::BIGINT AS load_id"
                f" FROM ({nothing} WHERE FALSE UNION ALL BY NAME {rows}) AS load_{load_id}"
            )
    return parse_one(" UNION ALL ".join(selects), dialect="duckdb")
