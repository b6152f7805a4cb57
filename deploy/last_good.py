"""The last deployment that passed its smoke test, as one object: what a failed one goes back to.

``gs://OPS/deploys/<environment>/last_good.json``. Secrets are in it by name only, as in the templates themselves.
"""

from datetime import UTC, datetime
from typing import Any

from google.cloud.storage import Bucket
from pydantic import BaseModel, ConfigDict

from biaac import objects
from biaac.clients import storage_client
from deploy.running import Running
from deploy.settings import DeploySettings


class LastGood(BaseModel):
    """What ran, and what Terraform had been given for it."""

    model_config = ConfigDict(frozen=True)

    revision: str
    recorded_at: datetime
    inputs: dict[str, Any]
    services: dict[str, dict[str, Any]]
    jobs: dict[str, dict[str, Any]]
    functions: dict[str, dict[str, Any]]


def read(settings: DeploySettings) -> LastGood | None:
    """The record, or None before the first deployment has been good."""
    found = objects.read(_ops(settings), _name(settings)).value
    return None if found is None else LastGood.model_validate(found)


def record(settings: DeploySettings, running: Running, inputs: dict[str, Any]) -> LastGood:
    """Make what runs now the deployment to go back to."""
    good = LastGood(
        revision=settings.revision,
        recorded_at=datetime.now(UTC),
        inputs=inputs,
        services=running.services,
        jobs=running.jobs,
        functions=running.functions,
    )
    objects.update(_ops(settings), _name(settings), lambda _: good.model_dump(mode="json"))
    return good


def _ops(settings: DeploySettings) -> Bucket:
    return storage_client(settings).bucket(settings.ops_bucket)


def _name(settings: DeploySettings) -> str:
    return f"deploys/{settings.environment}/last_good.json"
