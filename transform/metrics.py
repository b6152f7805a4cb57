"""Metrics: ``metrics/*.yaml``, one file for each Gold table, each number defined once (docs/adr/0005).

The definitions travel with the release; Superset, queries and documentation use those and no other.
"""

from pathlib import Path
from typing import Annotated

import sqlglot
from pydantic import AfterValidator, Field
from sqlglot import exp

from biaac import files
from biaac.errors import PermanentError
from biaac.records import Record
from biaac.releases import Metric

NAME = r"^[a-z][a-z0-9_]*$"
# d3-format's own grammar, with the types it has; the browser shows "Invalid format" for anything else.
FORMAT = r"^(.?[<>=^])?[+( -]?[$#]?0?\d*,?(\.\d+)?~?[bcdefgnoprsxX%]?$"
DIALECT = "duckdb"  # in which models are written, and which the cache service reads


def _expression(text: str) -> str:
    try:
        sqlglot.parse_one(text, dialect=DIALECT)
    except sqlglot.ParseError as error:
        raise ValueError(f"an SQL expression is expected ({error.errors[0]['description'].strip(' .')})") from None
    return text


def _label(label: dict[str, str]) -> dict[str, str]:
    if "en" not in label:
        raise ValueError("a label in en is expected, other languages as needed")
    return label


class MetricEntry(Record):
    """One metric as a person writes it."""

    name: str = Field(pattern=NAME)
    expression: Annotated[str, AfterValidator(_expression)]
    label: Annotated[dict[str, str], AfterValidator(_label)]
    description: str
    format: str = Field(pattern=FORMAT, description="A d3-format, such as $,.2f.")
    additive: bool = Field(description="Whether values of disjoint groups may be summed.")


class MetricFile(Record):
    """The metrics of one Gold table."""

    table: str = Field(pattern=r"^gold\.[a-z][a-z0-9_]*$")
    owner: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    metrics: list[MetricEntry] = Field(min_length=1)


def load(directory: Path, columns: dict[str, set[str]]) -> list[Metric]:
    """Every metric by table and name; ``columns`` (table -> its columns) is what expressions may speak of.

    ``PermanentError`` lists the faults of all files as ``file:line: field: ...``.
    """
    valid, faults = files.read_all(directory, MetricFile)
    metrics: dict[tuple[str, str], Metric] = {}
    for file in valid.values():
        table, owner = file.value.table, file.value.owner
        if table not in columns:
            faults.append(file.fault(("table",), f"one of {', '.join(sorted(columns))} is expected, found {table!r}"))
            continue
        for number, entry in enumerate(file.value.metrics):
            if (table, entry.name) in metrics:
                faults.append(file.fault(("metrics", number, "name"), f"{entry.name!r} of {table} is defined twice"))
            for column in _unknown(entry, columns[table]):
                message = f"a column of {table} is expected, found {column!r}"
                faults.append(file.fault(("metrics", number, "expression"), message))
            metrics[table, entry.name] = Metric(table=table, owner=owner, **entry.model_dump())
    if faults:
        raise PermanentError("\n".join(faults), hint=f"edit the files in {directory}")
    return [metrics[key] for key in sorted(metrics)]


def _unknown(entry: MetricEntry, columns: set[str]) -> list[str]:
    parsed = sqlglot.parse_one(entry.expression, dialect=DIALECT)
    return sorted({column.name for column in parsed.find_all(exp.Column)} - columns)
