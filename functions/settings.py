"""What the functions read beyond the settings every room shares."""

from pydantic import Field

import biaac.settings


class Settings(biaac.settings.Settings):
    """Read once, when a process first needs them."""

    watch_seconds: float = Field(
        60, alias="WATCH_SECONDS", ge=0, description="How long one event watches a running sync before it is nacked."
    )
