"""How Superset speaks to the cache service: time grains, literals and error messages of DataFusion's SQL."""

import re
from datetime import datetime
from typing import Any, ClassVar

from flask_babel import lazy_gettext
from sqlalchemy import types
from superset.constants import TimeGrain
from superset.db_engine_specs.base import BaseEngineSpec
from superset.errors import SupersetErrorType
from superset.sql.parse import SQLScript

UNITS = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")
INTERVALS = {
    TimeGrain.FIVE_SECONDS: "5 seconds", TimeGrain.THIRTY_SECONDS: "30 seconds",
    TimeGrain.FIVE_MINUTES: "5 minutes", TimeGrain.TEN_MINUTES: "10 minutes",
    TimeGrain.FIFTEEN_MINUTES: "15 minutes", TimeGrain.THIRTY_MINUTES: "30 minutes", TimeGrain.SIX_HOURS: "6 hours",
}  # fmt: skip


def _trunc(unit: str) -> str:
    return f"date_trunc('{unit}', {{col}})"


class CacheEngineSpec(BaseEngineSpec):
    """The engine behind ``biaac://``."""

    engine = "biaac"
    engine_name = "Cache service"
    drivers: ClassVar[dict[str, str]] = {"flight": "Arrow Flight SQL"}
    default_driver = "flight"
    sqlalchemy_uri_placeholder = "biaac://host:port/"
    supports_file_upload = False

    _time_grain_expressions: ClassVar[dict[str | None, str]] = {
        None: "{col}",
        **{TimeGrain[unit.upper()]: _trunc(unit) for unit in UNITS},
        **{grain: f"date_bin(INTERVAL '{interval}', {{col}})" for grain, interval in INTERVALS.items()},
        # DataFusion's weeks start on Monday; the others are shifted in, truncated, and shifted back.
        TimeGrain.WEEK_STARTING_SUNDAY: "date_trunc('week', {col} + INTERVAL '1 day') - INTERVAL '1 day'",
        TimeGrain.WEEK_STARTING_MONDAY: _trunc("week"),
        TimeGrain.WEEK_ENDING_SATURDAY: "date_trunc('week', {col} + INTERVAL '1 day') + INTERVAL '5 days'",
        TimeGrain.WEEK_ENDING_SUNDAY: "date_trunc('week', {col}) + INTERVAL '6 days'",
    }

    custom_errors: ClassVar[dict[Any, Any]] = {
        re.compile(r"No field named (?P<column_name>[^\s,]+?)\.(?:\s|$)"): (
            lazy_gettext('There is no column "%(column_name)s".'),
            SupersetErrorType.COLUMN_DOES_NOT_EXIST_ERROR,
            {},
        ),
        re.compile(r"table '(?:lake\.)?(?P<table_name>[^']+)' not found"): (
            lazy_gettext('There is no table "%(table_name)s" in this release.'),
            SupersetErrorType.TABLE_DOES_NOT_EXIST_ERROR,
            {},
        ),
        re.compile(r"42601: (?P<syntax_error>.+)"): (
            lazy_gettext("The statement cannot be read: %(syntax_error)s"),
            SupersetErrorType.SYNTAX_ERROR,
            {},
        ),
    }

    @classmethod
    def execute_with_cursor(cls, cursor: Any, sql: str, query: Any) -> None:
        """Run a statement of SQL Lab with the LIMIT that a person wrote: 6.1 replaces it (apache/superset#40070)."""
        for statement in SQLScript(query.sql, cls.engine).statements:
            own, written = statement.get_limit_value(), statement.format()
            if own is not None and query.limit and own <= query.limit:
                statement.set_limit_value(query.limit + 1)
                if statement.format() == sql:
                    query.executed_sql = sql = written
        super().execute_with_cursor(cursor, sql, query)

    @classmethod
    def convert_dttm(cls, target_type: str, dttm: datetime, db_extra: dict[str, Any] | None = None) -> str | None:
        """A time as a literal of the column's type, so that a comparison needs no cast of the column."""
        kind = cls.get_sqla_column_type(target_type)
        if isinstance(kind, types.Date):
            return f"DATE '{dttm.date().isoformat()}'"
        if isinstance(kind, types.DateTime):
            return f"TIMESTAMP '{dttm.isoformat(sep=' ', timespec='microseconds')}'"
        return None

    @classmethod
    def epoch_to_dttm(cls) -> str:
        """Seconds since 1970 as a time."""
        return "to_timestamp_seconds({col})"

    @classmethod
    def epoch_ms_to_dttm(cls) -> str:
        """Milliseconds since 1970 as a time."""
        return "to_timestamp_millis({col})"
