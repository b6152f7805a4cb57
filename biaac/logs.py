"""Logs of every process of ours, as Cloud Logging reads them: one JSON object a line on standard error.

    logs.configure()
    structlog.get_logger().info("run decided", outcome="rejected")

    {"severity": "ERROR", "message": "run decided", "time": "2026-11-24T05:00:00Z", "outcome": "rejected", ...}

Alerts match some of these lines by message and field (terraform/modules/monitoring): those words are an interface.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import structlog

from biaac.errors import BiaacError


def configure() -> None:
    """Make ``structlog`` write such lines; call it once, where the process begins."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.EventRenamer("message"),
            _severity,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )


def log_error(error: BiaacError) -> None:
    """Log an error that ends a request or a process: a warning where the same call may succeed later."""
    level = logging.WARNING if error.status == 503 else logging.ERROR
    structlog.get_logger().log(level, error.message, error=type(error).__name__, status=error.status, hint=error.hint)


class JsonFormatter(logging.Formatter):
    """The same lines from programs that log with the standard library (Superset)."""

    def format(self, record: logging.LogRecord) -> str:
        """One record as one line; a traceback follows its message, as Cloud Error Reporting expects it."""
        message = record.getMessage()
        if record.exc_info:
            message += "\n" + self.formatException(record.exc_info)
        time = datetime.fromtimestamp(record.created, UTC).isoformat()
        line = {"severity": record.levelname, "message": message, "time": time, "logger": record.name}
        return json.dumps(line, ensure_ascii=False)


def _severity(_logger: Any, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    event["severity"] = str(event.pop("level")).upper()
    return event
