"""Settings of the ingestion room alone: where connectors are, and how long one may take."""

import os
from pathlib import Path

from dotenv import dotenv_values
from pydantic import Field

from biaac.settings import ROOT
from biaac.settings import Settings as SharedSettings


class Settings(SharedSettings):
    """Settings of the API and of the sync job."""

    connectors: Path = Field(
        ROOT / ".biaac/envs",
        alias="CONNECTORS_DIR",
        description="Folder with one environment per connector: <this>/source-shop/bin/source-shop.",
    )
    execution: str | None = Field(
        None, alias="CLOUD_RUN_EXECUTION", description="Set by Cloud Run: the execution this process is."
    )
    silence_limit_s: float = Field(
        900, alias="SYNC_SILENCE_LIMIT_S", description="A connector that prints nothing for so long is killed."
    )
    checkpoint_s: float = Field(
        30, alias="SYNC_CHECKPOINT_S", description="At most so much work is repeated after a kill; each costs a file."
    )
    retry_wait_s: float = Field(
        5, alias="SYNC_RETRY_WAIT_S", description="Pause before the second attempt; doubled before the third."
    )


def secrets() -> dict[str, str]:
    """What ``${secret:NAME}`` stands for: variables bound from Secret Manager, or on a laptop the lines of .env."""
    return {
        **{name: value or "" for name, value in dotenv_values(ROOT / ".env", interpolate=False).items()},
        **os.environ,
    }


def connector_environment() -> dict[str, str]:
    """What a connector's process sees: no setting and no secret of ours, its configuration comes as a file."""
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
    return {name: os.environ[name] for name in kept if name in os.environ}
