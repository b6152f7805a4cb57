"""Superset's configuration: what differs from its defaults, and why. Superset imports this module by its name."""

import json
import logging
from base64 import b64encode
from typing import Any

from sqlglot import Dialects
from superset.config import THEME_DEFAULT as SUPERSETS_THEME
from superset.utils.log import AbstractEventLogger
from superset.utils.logging_configurator import DefaultLoggingConfigurator

import database_login  # noqa: F401  logs into Cloud SQL
from biaac import files
from biaac.logs import JsonFormatter
from compiler.files import Theme
from settings import SupersetSettings

_settings = SupersetSettings.load()
_theme = files.load(_settings.files / "theme.yaml", Theme)

SECRET_KEY = _settings.secret_key()
SQLALCHEMY_DATABASE_URI = _settings.metadata_url
if SQLALCHEMY_DATABASE_URI.startswith("sqlite"):
    # A dashboard's charts write their results at the same time; SQLite lets one write, and the others wait this long.
    SQLALCHEMY_ENGINE_OPTIONS: dict[str, Any] = {"connect_args": {"timeout": 30}}
else:
    # Eight threads share five connections: the smallest Cloud SQL has 25, and a deployment doubles the instances.
    # pre_ping: Cloud SQL ends idle connections, and a scaled-down instance sleeps through it.
    SQLALCHEMY_ENGINE_OPTIONS = {"pool_size": 2, "max_overflow": 3, "pool_recycle": 900, "pool_pre_ping": True}

# Results are keyed by release (plugin/result_cache.py), so they are never stale and a day is only their burial.
DATA_CACHE_CONFIG = {
    "CACHE_TYPE": "plugin.result_cache.ReleaseCache",
    "CACHE_KEY_PREFIX": "results",
    "CACHE_DEFAULT_TIMEOUT": 24 * 3600,
}
# Filter values and half-made charts of people; Superset's default for both; it warns where they are not set.
FILTER_STATE_CACHE_CONFIG = {"CACHE_TYPE": "SupersetMetastoreCache", "CACHE_DEFAULT_TIMEOUT": 90 * 24 * 3600}
EXPLORE_FORM_DATA_CACHE_CONFIG = {"CACHE_TYPE": "SupersetMetastoreCache", "CACHE_DEFAULT_TIMEOUT": 7 * 24 * 3600}
RATELIMIT_STORAGE_URI = "memory://"

FEATURE_FLAGS = {
    "CHART_PLUGINS_EXPERIMENTAL": True,  # the KPI with the period before; a dashboard's first row
    "DASHBOARD_RBAC": True,
}
SQLGLOT_DIALECTS_EXTENSIONS = {"biaac": Dialects.DUCKDB}  # what the cache service reads: so nothing is rewritten

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _settings.superset_url.startswith("https://")
WTF_CSRF_TIME_LIMIT = None  # a dashboard may stay open for days
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    # Nothing from elsewhere: this also keeps the front end's usage pixel (scarf.sh) from being sent.
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'", "data:"],
        "script-src": ["'self'", "'strict-dynamic'"],
        "frame-ancestors": ["'self'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,  # TLS ends before this server
    "session_cookie_secure": SESSION_COOKIE_SECURE,
}

APP_NAME = _theme.name
_logo = b64encode((_settings.files / _theme.logo).read_bytes()).decode()
_brand = {"brandAppName": APP_NAME, "brandLogoAlt": APP_NAME, "brandLogoUrl": f"data:image/svg+xml;base64,{_logo}"}
# Merged, not replaced: a theme from scratch loses Superset's own fonts.
THEME_DEFAULT = {**SUPERSETS_THEME, "token": {**SUPERSETS_THEME["token"], **_brand, **_theme.token}}
THEME_DARK = None  # charts are coloured for a light page
COLOR_SCHEME = "biaac"
EXTRA_CATEGORICAL_COLOR_SCHEMES = [
    {"id": COLOR_SCHEME, "label": APP_NAME, "description": "", "isDefault": True, "colors": _theme.colors}
]


class JsonLogs(DefaultLoggingConfigurator):
    """Superset's own logging, each line as JSON: plain text has no severity in Cloud Logging."""

    def configure_logging(self, app_config: Any, debug_mode: bool) -> None:
        """Superset calls this once, before anything logs."""
        handler = logging.StreamHandler()
        handler.setFormatter(JsonFormatter())
        logging.basicConfig(handlers=[handler])  # Superset's own call of it then changes nothing
        super().configure_logging(app_config, debug_mode)


LOGGING_CONFIGURATOR = JsonLogs()


class EventLog(AbstractEventLogger):
    """Who looked at what, one JSON line each on standard output.

    Superset's own logger commits a row to its database per request, which costs more than a cached answer.
    """

    def log(self, user_id: int | None, action: str, *_: Any, **of: Any) -> None:
        """One action of one user."""
        parts = {"dashboard": "dashboard_id", "chart": "slice_id", "ms": "duration_ms"}
        event = {"user": user_id, "action": action} | {name: of.get(given) for name, given in parts.items()}
        logging.getLogger("superset.events").info(json.dumps(event))


EVENT_LOGGER = EventLog()
