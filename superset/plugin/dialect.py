"""SQLAlchemy (1.4, Superset's) dialect ``biaac://host:port/`` of the cache service; ``?tls=true`` in the cloud."""

from types import ModuleType
from typing import Any

from sqlalchemy import types
from sqlalchemy.engine import default
from sqlalchemy.engine.base import Connection
from sqlalchemy.engine.url import URL

DEFAULT_SCHEMA = "gold"
TLS_PORT = 443


class CacheDialect(default.DefaultDialect):
    """Read-only, no transactions, no keys; the service itself lists its tables and columns."""

    name = "biaac"
    driver = "flight"
    supports_native_boolean = True
    supports_native_decimal = True
    supports_statement_cache = True

    @classmethod
    def dbapi(cls) -> ModuleType:
        from plugin import dbapi

        return dbapi

    def create_connect_args(self, url: URL) -> tuple[list[str], dict[str, Any]]:
        """``biaac://host:port/?tls=true`` -> ``grpc+tls://host:port``."""
        tls = url.query.get("tls") == "true"
        return [f"grpc{'+tls' if tls else ''}://{url.host}:{url.port or TLS_PORT}"], {}

    def initialize(self, connection: Connection) -> None:  # nothing to look up
        self.default_schema_name = DEFAULT_SCHEMA

    def do_ping(self, dbapi_connection: Any) -> bool:
        dbapi_connection.cursor().execute("SELECT 1")
        return True

    def get_schema_names(self, connection: Connection, **_: Any) -> list[str]:
        return sorted({schema for schema, _ in connection.connection.tables()})

    def get_table_names(self, connection: Connection, schema: str | None = None, **_: Any) -> list[str]:
        return sorted(name for owner, name in connection.connection.tables() if owner == (schema or DEFAULT_SCHEMA))

    def has_table(self, connection: Connection, table_name: str, schema: str | None = None, **_: Any) -> bool:
        return table_name in self.get_table_names(connection, schema)

    def get_columns(
        self, connection: Connection, table_name: str, schema: str | None = None, **_: Any
    ) -> list[dict[str, Any]]:
        quoted = ".".join(self.identifier_preparer.quote(name) for name in (schema or DEFAULT_SCHEMA, table_name))
        result = connection.exec_driver_sql(f"SELECT * FROM {quoted} LIMIT 0")
        return [
            {"name": name, "type": column_type(type_code), "nullable": nullable, "default": None}
            for name, type_code, _, _, _, _, nullable in result.cursor.description
        ]

    def get_pk_constraint(self, _: Connection, *_names: Any, **__: Any) -> dict[str, Any]:
        return {"constrained_columns": [], "name": None}

    def _none(self, _: Connection, *_names: Any, **__: Any) -> list[Any]:
        return []

    get_view_names = get_foreign_keys = get_indexes = _none  # a release publishes tables only


def column_type(name: str) -> types.TypeEngine:
    """``DECIMAL(18,2)`` as SQLAlchemy's type; an unknown one stays untyped."""
    kind, _, arguments = name.partition("(")
    if kind == "DECIMAL" and arguments:
        return types.DECIMAL(*map(int, arguments.rstrip(")").split(",")))
    return getattr(types, {"DOUBLE": "FLOAT"}.get(kind, kind), types.NullType)()
