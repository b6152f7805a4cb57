"""How Superset is served: ``gunicorn -c superset/gunicorn_conf.py "superset.app:create_app()"``."""

from settings import SupersetSettings

_settings = SupersetSettings.load()

bind = f"127.0.0.1:{_settings.port}"
worker_class = "gthread"
workers = 1  # each holds about 280 MB; a result that is not cached is computed by the cache service, not here
threads = 8  # a dashboard's charts ask at the same time; browsers open six connections
timeout = 120
keepalive = 75
control_socket_disable = True  # its default path is one for all of a user's servers
