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
DIALECT = "postgres"  # the cache service's SQL; DataFusion follows PostgreSQL


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
    format: str = Field(description="A d3-format, such as $,.2f.")
    additive: bool = Field(description="Whether values of disjoint groups may be summed.")


class MetricFile(Record):
    """The metrics of one Gold table."""

    table: str = Field(pattern=r"^gold\.[a-z][a-z0-9_]*$")
    owner: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    metrics: list[MetricEntry] = Field(min_length=1)


def load(directory: Path, columns: dict[str, set[str]]) -> list[Metric]:
    """Every metric by name; ``columns`` (table -> its columns) is what expressions may speak of.

    ``PermanentError`` lists the faults of all files as ``file:line: field: ...``.
    """
    valid, faults = files.read_all(directory, MetricFile)
    metrics: dict[str, Metric] = {}
    for file in valid.values():
        table, owner = file.value.table, file.value.owner
        for number, entry in enumerate(file.value.metrics):
            where = f"{file.path}:{file.line(('metrics', number))}"
            faults += [f"{where}: {fault}" for fault in _faults(entry, table, columns, metrics)]
            metrics[entry.name] = Metric(table=table, owner=owner, **entry.model_dump())
    if faults:
        raise PermanentError("\n".join(faults), hint=f"edit the files in {directory}")
    return [metrics[name] for name in sorted(metrics)]


def _faults(entry: MetricEntry, table: str, columns: dict[str, set[str]], others: dict[str, Metric]) -> list[str]:
    if table not in columns:
        return [f"table: one of {', '.join(sorted(columns))} is expected, found {table!r}"]
    faults = [f"name: {entry.name!r} is defined twice"] if entry.name in others else []
    parsed = sqlglot.parse_one(entry.expression, dialect=DIALECT)
    unknown = sorted({column.name for column in parsed.find_all(exp.Column)} - columns[table])
    return faults + [f"expression: a column of {table} is expected, found {column!r}" for column in unknown]
