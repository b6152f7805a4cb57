"""SQLAlchemy (1.4, Superset's) dialect ``biaac://host:port/`` of the cache service; ``?tls=true`` in the cloud."""

from types import ModuleType
from typing import Any

from sqlalchemy import types
from sqlalchemy.engine import default
from sqlalchemy.engine.base import Connection
from sqlalchemy.engine.url import URL

DEFAULT_SCHEMA = "gold"
TLS_PORT = 443

TYPES = {
    "BIGINT": types.BIGINT,
    "BOOLEAN": types.BOOLEAN,
    "DATE": types.DATE,
    "DECIMAL": types.DECIMAL,
    "DOUBLE": types.FLOAT,
    "TIME": types.TIME,
    "TIMESTAMP": types.TIMESTAMP,
    "VARCHAR": types.VARCHAR,
}


class CacheDialect(default.DefaultDialect):
    """Read-only, no transactions, no keys; the service itself lists its tables and columns."""

    name = "biaac"
    driver = "flight"
    supports_native_boolean = True
    supports_native_decimal = True
    supports_statement_cache = True

    @classmethod
    def dbapi(cls) -> ModuleType:
        """The driver (SQLAlchemy 1.4 looks it up by this name)."""
        from plugin import dbapi

        return dbapi

    def create_connect_args(self, url: URL) -> tuple[list[str], dict[str, Any]]:
        """``biaac://host:port/?tls=true`` -> ``grpc+tls://host:port``."""
        tls = url.query.get("tls") == "true"
        return [f"grpc{'+tls' if tls else ''}://{url.host}:{url.port or TLS_PORT}"], {}

    def initialize(self, connection: Connection) -> None:
        """Nothing to look up: one kind of service, of the same version as this code."""
        self.default_schema_name = DEFAULT_SCHEMA

    def do_ping(self, dbapi_connection: Any) -> bool:
        """Ask the service something that reads no table."""
        dbapi_connection.cursor().execute("SELECT 1")
        return True

    def get_schema_names(self, connection: Connection, **_: Any) -> list[str]:
        """Schemas that hold tables."""
        return sorted({schema for schema, _ in _tables(connection)})

    def get_table_names(self, connection: Connection, schema: str | None = None, **_: Any) -> list[str]:
        """Tables of a schema."""
        return sorted(name for owner, name in _tables(connection) if owner == (schema or DEFAULT_SCHEMA))

    def get_view_names(self, connection: Connection, schema: str | None = None, **_: Any) -> list[str]:
        """None: a release publishes tables."""
        return []

    def has_table(self, connection: Connection, table_name: str, schema: str | None = None, **_: Any) -> bool:
        """Whether the service has this table."""
        return table_name in self.get_table_names(connection, schema)

    def get_columns(
        self, connection: Connection, table_name: str, schema: str | None = None, **_: Any
    ) -> list[dict[str, Any]]:
        """Columns as the result of a query would have them."""
        result = connection.exec_driver_sql(
            f"SELECT * FROM {self.identifier_preparer.quote(schema or DEFAULT_SCHEMA)}"
            f".{self.identifier_preparer.quote(table_name)} LIMIT 0"
        )
        return [
            {"name": name, "type": column_type(type_code), "nullable": nullable, "default": None}
            for name, type_code, _, _, _, _, nullable in result.cursor.description
        ]

    def get_pk_constraint(
        self, connection: Connection, table_name: str, schema: str | None = None, **_: Any
    ) -> dict[str, Any]:
        """Tables have no declared keys."""
        return {"constrained_columns": [], "name": None}

    def get_foreign_keys(
        self, connection: Connection, table_name: str, schema: str | None = None, **_: Any
    ) -> list[Any]:
        """Tables have no declared keys."""
        return []

    def get_indexes(self, connection: Connection, table_name: str, schema: str | None = None, **_: Any) -> list[Any]:
        """There are no indexes."""
        return []


def column_type(name: str) -> types.TypeEngine:
    """``DECIMAL(18,2)`` as SQLAlchemy's type; an unknown one stays untyped."""
    kind, _, arguments = name.partition("(")
    if kind == "DECIMAL" and arguments:
        precision, scale = arguments.rstrip(")").split(",")
        return types.DECIMAL(int(precision), int(scale))
    return TYPES.get(kind, types.NullType)()


def _tables(connection: Connection) -> list[tuple[str, str]]:
    tables: list[tuple[str, str]] = connection.connection.tables()
    return tables
