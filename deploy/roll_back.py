"""The way back: services, jobs and functions become again what the last good deployment left.

Straight through the APIs, not by Terraform: what failed may be its configuration, or hold its lock. Its next plan
finds the difference and closes it. Releases are not touched, and neither is Superset's database: a migration that
ran stays (docs/backup.md tells how to restore one).
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from google.api_core import exceptions
from google.cloud import functions_v2, run_v2
from google.protobuf import json_format

from biaac import clients
from biaac.errors import BiaacError, PermanentError, TransientError
from biaac.waiting import until
from deploy import last_good, running
from deploy.clients import functions_client, services_client
from deploy.running import RETRY, TIMEOUT_S, Template
from deploy.settings import DeploySettings

BACK_S = 840  # for all together: a start-up probe may take two minutes, a function is built again
SUCCEEDED = run_v2.Condition.State.CONDITION_SUCCEEDED
FAILED = run_v2.Condition.State.CONDITION_FAILED

Wait = Callable[[float], object]  # given the seconds that are left


@dataclass
class Way:
    """What going back did: names brought back, names with nothing to do, and what went wrong."""

    back: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def everything(settings: DeploySettings) -> Way:
    """Bring all back that differs from the last good deployment; one that fails does not keep the others.

    All updates are asked for before the first is waited for. Raises ``PermanentError`` with every failure.
    """
    good = last_good.read(settings)
    way = Way()
    if good is None:
        print("roll back: no deployment of this environment has been good yet; there is nothing to go back to")
        return way
    now = running.read(settings)
    end = time.monotonic() + BACK_S
    waits: list[tuple[str, Wait]] = []
    for kind, wanted, there, update in (
        ("service", good.services, now.services, _service),
        ("job", good.jobs, now.jobs, _job),
        ("function", good.functions, now.functions, _function),
    ):
        for name, template in wanted.items():
            if there.get(name) == template:
                way.same.append(name)
            elif name not in there:
                way.failed.append(f"{kind} {name} is gone; terraform apply of {good.revision} makes it again")
            else:
                with _noting(way, f"{kind} {name}"):
                    waits.append((name, update(settings, name, template)))
    for name, wait in waits:
        with _noting(way, name):
            wait(max(end - time.monotonic(), 0))
            way.back.append(name)
    print(f"roll back to {good.revision}: back: {', '.join(way.back) or 'none'}; same: {', '.join(way.same) or 'none'}")
    if way.failed:
        raise PermanentError("roll back: " + "; ".join(way.failed), hint="python -m deploy roll-back")
    return way


@contextmanager
def _noting(way: Way, name: str) -> Iterator[None]:
    """A failure of the API noted, and the next one's turn."""
    try:
        yield
    except (BiaacError, exceptions.GoogleAPICallError, exceptions.RetryError) as error:
        way.failed.append(f"{name}: {error}")


def _service(settings: DeploySettings, name: str, template: Template) -> Wait:
    client = services_client(settings)
    full = f"{settings.parent}/services/{name}"
    message = run_v2.RevisionTemplate.wrap(
        json_format.ParseDict(template, run_v2.RevisionTemplate.pb(run_v2.RevisionTemplate()))
    )
    service = client.get_service(name=full, timeout=TIMEOUT_S, retry=RETRY)
    service.template = message
    client.update_service(service=service, update_mask={"paths": ["template"]}, timeout=TIMEOUT_S, retry=RETRY)
    return lambda seconds: until(
        lambda: _settled(client.get_service(name=full, timeout=TIMEOUT_S, retry=RETRY)),
        seconds=seconds,
        what=f"service {name} is ready",
    )


def _job(settings: DeploySettings, name: str, template: Template) -> Wait:
    client = clients.jobs_client(settings)
    full = f"{settings.parent}/jobs/{name}"
    job = client.get_job(name=full, timeout=TIMEOUT_S, retry=RETRY)
    job.template = run_v2.ExecutionTemplate.wrap(
        json_format.ParseDict(template, run_v2.ExecutionTemplate.pb(run_v2.ExecutionTemplate()))
    )
    client.update_job(job=job, timeout=TIMEOUT_S, retry=RETRY)
    return lambda seconds: until(
        lambda: _settled(client.get_job(name=full, timeout=TIMEOUT_S, retry=RETRY)),
        seconds=seconds,
        what=f"job {name} is ready",
    )


def _function(settings: DeploySettings, name: str, template: Template) -> Wait:
    """By the functions' own API: a change of the service beneath one would be unseen by Terraform, and so stay."""
    client = functions_client(settings)
    full = f"{settings.parent}/functions/{name}"
    function = functions_v2.Function.wrap(
        json_format.ParseDict(template, functions_v2.Function.pb(functions_v2.Function()))
    )
    function.name = full
    paths = [
        "build_config.source",
        "service_config.environment_variables",
        "service_config.secret_environment_variables",
    ]
    client.update_function(function=function, update_mask={"paths": paths}, timeout=TIMEOUT_S, retry=RETRY)

    def active() -> bool:
        found = client.get_function(name=full, timeout=TIMEOUT_S, retry=RETRY)
        if found.state is functions_v2.Function.State.FAILED:
            raise TransientError(f"function {name}: {'; '.join(m.message for m in found.state_messages) or 'failed'}")
        return found.state is functions_v2.Function.State.ACTIVE and running.function_template(found) == template

    return lambda seconds: until(active, seconds=seconds, what=f"function {name} is active")


def _settled(found: run_v2.Service | run_v2.Job) -> bool:
    """Whether what was asked for is what runs; ``TransientError`` when it will not be."""
    if found.reconciling or found.observed_generation != found.generation:
        return False
    if found.terminal_condition.state is FAILED:
        raise TransientError(f"{found.name.rpartition('/')[2]}: {found.terminal_condition.message}")
    return bool(found.terminal_condition.state is SUCCEEDED)
