"""Superset's configuration in a job: the same, without the pages, which a job does not serve (0.6 s of its start)."""

from superset.config import *  # noqa: F403  # a configuration module holds every setting
from superset.initialization import SupersetAppInitializer


class WithoutPages(SupersetAppInitializer):
    """Superset without its views and REST APIs; models, security and charts' queries are whole."""

    def init_views(self) -> None:
        """Nothing."""


APP_INITIALIZER = WithoutPages
