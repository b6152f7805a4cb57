"""Metrics: ``metrics/*.yaml``, one file for each Gold table, each number defined once (docs/adr/0005).

The definitions travel with the release; Superset, queries and documentation use those and no other.
"""

from pathlib import Path
from typing import Annotated

import sqlglot
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlglot import exp

from biaac import files
from biaac.errors import PermanentError
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


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MetricEntry(_File):
    """One metric as a person writes it."""

    name: str = Field(pattern=NAME)
    expression: Annotated[str, AfterValidator(_expression)]
    label: Annotated[dict[str, str], AfterValidator(_label)]
    description: str
    format: str = Field(description="A d3-format, such as $,.2f.")
    additive: bool = Field(description="Whether values of disjoint groups may be summed.")


class MetricFile(_File):
    """The metrics of one Gold table."""

    table: str = Field(pattern=r"^gold\.[a-z][a-z0-9_]*$")
    owner: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    metrics: list[MetricEntry] = Field(min_length=1)


def load(directory: Path, columns: dict[str, set[str]]) -> list[Metric]:
    """Every metric by name; ``columns`` (table -> its columns) is what expressions may speak of.

    ``PermanentError`` lists the faults of all files as ``file:line: field: ...``.
    """
    found: dict[str, Metric] = {}
    faults: list[str] = []
    for path in sorted(directory.glob("*.yaml")):
        try:
            file = files.load(path, MetricFile)
        except PermanentError as error:
            faults.append(error.message)
            continue
        for number, entry in enumerate(file.metrics):
            faults += [f"{_where(path, number)}: {fault}" for fault in _faults(entry, file.table, columns, found)]
            found[entry.name] = Metric(table=file.table, owner=file.owner, **entry.model_dump())
    if faults:
        raise PermanentError("\n".join(faults), hint=f"edit the files in {directory}")
    return [found[name] for name in sorted(found)]


def _faults(entry: MetricEntry, table: str, columns: dict[str, set[str]], found: dict[str, Metric]) -> list[str]:
    if table not in columns:
        return [f"table: one of {', '.join(sorted(columns))} is expected, found {table!r}"]
    faults = [f"name: {entry.name!r} is defined twice"] if entry.name in found else []
    parsed = sqlglot.parse_one(entry.expression, dialect=DIALECT)
    unknown = sorted({column.name for column in parsed.find_all(exp.Column)} - columns[table])
    return faults + [f"expression: a column of {table} is expected, found {column!r}" for column in unknown]


def _where(path: Path, number: int) -> str:
    import yaml

    node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    return f"{path}:{files.line_of(node, ('metrics', number))}"
