"""The way back: services, jobs and functions become again what the last good deployment left.

Straight through the APIs, not by Terraform: what failed may be its configuration, or hold its lock. Its next plan
finds the difference and closes it. Releases are not touched, and neither is Superset's database: a migration that
ran stays (docs/backup.md tells how to restore one).

``gs://OPS/deploys/<environment>/last_good.json`` is the last deployment that passed its smoke test. Secrets are in it
by name only, as in the templates themselves.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import requests
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage import Bucket

from biaac import objects
from biaac.clients import storage_client
from biaac.errors import BiaacError, PermanentError, TransientError
from biaac.records import Record
from biaac.waiting import until
from deploy.running import KINDS, Json, Running, deployed, settled
from deploy.settings import DeploySettings

BACK_S = 840  # for all together: a start-up probe may take two minutes, a function is built again


class LastGood(Record):
    """What ran: kind -> name -> what a deployment replaces."""

    format: int = 1
    revision: str
    recorded_at: datetime
    deployed: dict[str, dict[str, dict[str, Any]]]

    def parts(self) -> Iterator[tuple[str, str, Json]]:
        """Kind, name and value of each."""
        for kind, parts in self.deployed.items():
            for name, part in parts.items():
                yield kind, name, part


def last_good(settings: DeploySettings) -> LastGood | None:
    """The record, or None before the first deployment has been good."""
    value = objects.read(_ops(settings), _name(settings)).value
    return None if value is None else LastGood.parse(value, name=_name(settings))


def record(settings: DeploySettings) -> LastGood:
    """Make what runs now the deployment to go back to."""
    running = Running(settings)
    parts = {kind: {name: deployed(kind, value) for name, value in running.all(kind)} for kind in KINDS}
    good = LastGood(revision=settings.revision, recorded_at=datetime.now(UTC), deployed=parts)
    objects.update(_ops(settings), _name(settings), lambda _: good.model_dump(mode="json"))
    return good


def everything(settings: DeploySettings) -> None:
    """Bring all back that differs from the last good deployment; one that fails does not keep the others.

    All updates are asked for before the first is waited for. ``PermanentError`` names every failure.
    """
    good = last_good(settings)
    if good is None:
        print("roll back: no deployment of this environment has been good yet; there is nothing to go back to")
        return
    running, end = Running(settings), time.monotonic() + BACK_S
    failed: list[str] = []
    asked: list[tuple[str, str, Json]] = []
    for kind, name, part in good.parts():
        with _noted(failed, f"{kind[:-1]} {name}"):
            now = running.get(kind, name)
            if now is None:
                raise PermanentError(f"it is gone; terraform apply of {good.revision} makes it again")
            if deployed(kind, now) != part:
                running.replace(kind, name, part)
                asked.append((kind, name, part))
    back = []
    for kind, name, part in asked:
        with _noted(failed, f"{kind[:-1]} {name}"):
            until(partial(_is_back, running, kind, name, part), seconds=max(end - time.monotonic(), 0), what="ready")
            back.append(name)
    print(f"roll back to {good.revision}: {', '.join(back) or 'nothing to bring back'}")
    if failed:
        raise PermanentError("roll back: " + "; ".join(failed), hint="python -m deploy roll-back")


def _is_back(running: Running, kind: str, name: str, part: Json) -> bool:
    now = running.get(kind, name) or {}
    ready, error = settled(kind, now)
    if error:
        raise TransientError(error)
    # A function is active also before its update begins; a template comes back with defaults filled in.
    return ready and (kind != "functions" or deployed(kind, now) == part)


@contextmanager
def _noted(failed: list[str], name: str) -> Iterator[None]:
    """A failure of the API noted, and the next one's turn."""
    try:
        yield
    except (BiaacError, GoogleAuthError, requests.RequestException) as error:
        failed.append(f"{name}: {error}")


def _ops(settings: DeploySettings) -> Bucket:
    return storage_client(settings).bucket(settings.ops_bucket)


def _name(settings: DeploySettings) -> str:
    return f"deploys/{settings.environment}/last_good.json"
