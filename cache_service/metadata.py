"""Flight SQL's metadata commands, answered from the release alone: no worker, no file.

Result schemas are those the specification gives each command
(https://github.com/apache/arrow/blob/main/format/FlightSql.proto).
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import pyarrow as pa

from biaac.flight import Message
from cache_service import errors
from cache_service.errors import QueryError
from cache_service.wire import CATALOG

TABLE = "TABLE"
TEXT = pa.string()
SEQUENCE = pa.field("key_sequence", pa.int32(), False)

# SqlInfo codes; unquoted names are folded to lower case.
SERVER = {
    0: "biaac cache service",
    1: "0.1.0",
    2: pa.__version__,
    3: True,  # read only
    4: True,  # takes SQL
    5: False,  # takes Substrait
    8: 0,  # transactions: none; a query sees one release
    9: False,  # cancel
    500: False,  # catalogs can be created
    501: False,  # schemas
    502: False,  # tables
    503: 3,  # unquoted names: lower case
    504: '"',  # quotes names
    505: 1,  # quoted names: as written
    507: 3,  # NULLs stand at the end of every order
}


class TableInfo(NamedTuple):
    """What metadata knows of a table."""

    schema: str
    name: str
    columns: pa.Schema
    grain: list[str]


Tables = list[TableInfo]


def answer(command: Message, tables: Tables) -> pa.Table:
    """The rows a metadata command asks for; ``QueryError`` names one that is not supported."""
    if command.name not in COMMANDS:
        raise QueryError(errors.NOT_SUPPORTED, f"{command.name} is not supported")
    return COMMANDS[command.name](command, tables)


def is_metadata(command: Message) -> bool:
    """Whether ``answer`` is for this command."""
    return command.name.startswith("CommandGet")


def _catalogs(_command: Message, _tables: Tables) -> pa.Table:
    return _rows([(CATALOG,)], _texts("catalog_name"))


def _schemas(command: Message, tables: Tables) -> pa.Table:
    names = sorted({table.schema for table in tables} | {"gold"})
    rows = [(CATALOG, name) for name in names if _like(command.text(2), name)] if _in_catalog(command) else []
    return _rows(rows, _texts("catalog_name?", "db_schema_name"))


def _tables(command: Message, tables: Tables) -> pa.Table:
    kinds, with_columns = command.texts(4), command.flag(5)
    columns = _texts("catalog_name?", "db_schema_name?", "table_name", "table_type")
    rows = []
    for table in tables:
        matches = _like(command.text(2), table.schema) and _like(command.text(3), table.name)
        if matches and _in_catalog(command) and (not kinds or TABLE in kinds):
            row = (CATALOG, table.schema, table.name, TABLE)
            rows.append((*row, table.columns.serialize().to_pybytes()) if with_columns else row)
    return _rows(rows, columns + [pa.field("table_schema", pa.binary(), False)] * with_columns)


def _table_types(_command: Message, _tables: Tables) -> pa.Table:
    return _rows([(TABLE,)], _texts("table_type"))


def _primary_keys(command: Message, tables: Tables) -> pa.Table:
    """A table's grain: what its audits prove unique."""
    rows = [
        (CATALOG, table.schema, table.name, column, f"{table.name}_grain", sequence)
        for table in tables
        if table.name == command.text(3) and command.text(2) in (None, table.schema)
        for sequence, column in enumerate(table.grain, start=1)
    ]
    columns = _texts("catalog_name?", "db_schema_name?", "table_name", "column_name", "key_name?")
    return _rows(rows, [*columns, SEQUENCE])


def _no_foreign_keys(_command: Message, _tables: Tables) -> pa.Table:
    table = ("catalog_name?", "db_schema_name?", "table_name", "column_name")
    columns = _texts(*(f"{side}_{name}" for side in ("pk", "fk") for name in table))
    rules = [pa.field(name, pa.uint8(), False) for name in ("update_rule", "delete_rule")]
    return _rows([], [*columns, SEQUENCE, *_texts("fk_key_name?", "pk_key_name?"), *rules])


def _sql_info(command: Message, _tables: Tables) -> pa.Table:
    requested = command.numbers(1)
    codes = [code for code in SERVER if not requested or code in requested]
    kinds = {str: 0, bool: 1, int: 2}  # places of string_value, bool_value and bigint_value in the union
    by_kind: dict[int, list[object]] = {0: [], 1: [], 2: []}
    places, offsets = [], []
    for code in codes:
        place = kinds[type(SERVER[code])]
        places.append(place)
        offsets.append(len(by_kind[place]))
        by_kind[place].append(SERVER[code])
    children = [pa.array(by_kind[0], TEXT), pa.array(by_kind[1], pa.bool_()), pa.array(by_kind[2], pa.int64())]
    lists = (pa.int32(), pa.list_(TEXT), pa.map_(pa.int32(), pa.list_(pa.int32())))
    children += [pa.array([], kind) for kind in lists]  # of codes that this service has not
    names = ["string_value", "bool_value", "bigint_value", "int32_bitmask", "string_list", "int32_to_int32_list_map"]
    values = pa.UnionArray.from_dense(pa.array(places, pa.int8()), pa.array(offsets, pa.int32()), children, names)
    schema = pa.schema([pa.field("info_name", pa.uint32(), False), pa.field("value", values.type, False)])
    return pa.Table.from_arrays([pa.array(codes, pa.uint32()), values], schema=schema)


COMMANDS: dict[str, Callable[[Message, Tables], pa.Table]] = {
    "CommandGetCatalogs": _catalogs,
    "CommandGetDbSchemas": _schemas,
    "CommandGetTables": _tables,
    "CommandGetTableTypes": _table_types,
    "CommandGetPrimaryKeys": _primary_keys,
    "CommandGetImportedKeys": _no_foreign_keys,
    "CommandGetExportedKeys": _no_foreign_keys,
    "CommandGetCrossReference": _no_foreign_keys,
    "CommandGetSqlInfo": _sql_info,
}


def _in_catalog(command: Message) -> bool:
    return command.text(1) in (None, CATALOG)


def _like(pattern: str | None, name: str) -> bool:
    """SQL's LIKE, as the specification filters names."""
    if pattern is None:
        return True
    parts = (".*" if sign == "%" else "." if sign == "_" else re.escape(sign) for sign in pattern)
    return re.fullmatch("".join(parts), name) is not None


def _texts(*names: str) -> list[pa.Field]:
    """Text columns; those with a question mark may be NULL."""
    return [pa.field(name.removesuffix("?"), TEXT, nullable=name.endswith("?")) for name in names]


def _rows(rows: Sequence[tuple[object, ...]], columns: list[pa.Field]) -> pa.Table:
    schema = pa.schema(columns)
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)
