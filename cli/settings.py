"""What the command reads beyond the settings every room shares."""

from pydantic import Field

import biaac.settings


class Settings(biaac.settings.Settings):
    """Read once, when a command begins."""

    scheduler_account: str | None = Field(
        None,
        alias="SCHEDULER_SERVICE_ACCOUNT",
        description="E-mail of the service account as which Cloud Scheduler calls functions at https://.",
    )
