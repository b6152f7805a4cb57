"""An audit of Bronze: rows whose business time is later than the sync that brought them. It warns, and stops nothing.

One receipt dated 2071 would else move every dashboard's default period; ``bronze_files`` keeps it from counting.
"""

import duckdb
from sqlglot import exp

from biaac import bronze
from biaac.connections import Connection
from biaac.releases import AuditOutcome
from biaac.runs import OffendingRows
from transform.bronze_files import EXTRACTED, ZONES
from transform.ledger import Ledger
from transform.recording import offending_rows


def audit(
    database: duckdb.DuckDBPyConnection, bucket: str, ledger: Ledger, declared: dict[str, Connection], load_id: int
) -> list[tuple[AuditOutcome, OffendingRows]]:
    """The outcome of each stream that has such rows in a load, and the first of them."""
    outcomes = []
    for connection in declared.values():
        for stream in connection.streams:
            name = f"{connection.name}/{stream.name}"
            late = {path: f.late for path, f in ledger.streams.get(name, {}).items() if f.load_id == load_id and f.late}
            if late and stream.cursor:
                files = ", ".join(exp.Literal.string(f"gs://{bucket}/{path}").sql("duckdb") for path in late)
                cursor = exp.to_identifier(bronze.column_name(stream.cursor), quoted=True).sql("duckdb")
                limit = f"{EXTRACTED} + INTERVAL {int(ZONES.total_seconds())} SECONDS"
                outcome = AuditOutcome(
                    model=name,
                    audit=f"not_later_than_its_sync(column := {stream.cursor})",
                    blocking=False,
                    rows=sum(late.values()),
                    query=f"SELECT * FROM READ_PARQUET([{files}], union_by_name = TRUE) WHERE {cursor} > {limit}",
                )
                outcomes.append((outcome, offending_rows(database, outcome)))
    return outcomes
