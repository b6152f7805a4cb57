"""What runs in the cloud now: Cloud Run services, jobs and functions, each as the part that a deployment replaces."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from google.api_core import exceptions, retry
from google.cloud import functions_v2, run_v2
from google.protobuf import json_format

from biaac import clients, connections
from deploy.clients import functions_client, services_client
from deploy.settings import DeploySettings

TIMEOUT_S = 20  # of one call
RETRY = retry.Retry(timeout=60, initial=1, maximum=10)

SERVICES = ("cache", "ingestion", "superset")  # ingestion: only where airbyte = "job"
JOBS = ("transform", "superset-bootstrap", "superset-apply", "superset-refresh")
FUNCTIONS = ("bronze-finalized", "promote", "sweep", "sync", "warm-cache")

Template = dict[str, Any]


@dataclass(frozen=True)
class Running:
    """By name: templates of services and jobs as the API writes them in JSON; of functions, source and variables."""

    services: dict[str, Template]
    jobs: dict[str, Template]
    functions: dict[str, Template]


def read(settings: DeploySettings) -> Running:
    """What is there now; what is not there is left out."""
    return Running(
        services={s.name.rpartition("/")[2]: template(s.template) for s in services(settings)},
        jobs={j.name.rpartition("/")[2]: template(j.template) for j in jobs(settings)},
        functions={f.name.rpartition("/")[2]: function_template(f) for f in functions(settings)},
    )


def services(settings: DeploySettings) -> Iterator[run_v2.Service]:
    """The services of ours that are there."""
    return _existing(services_client(settings).get_service, f"{settings.parent}/services", SERVICES)


def jobs(settings: DeploySettings) -> Iterator[run_v2.Job]:
    """The jobs of ours that are there: the fixed ones, and one for each connection."""
    names = [*JOBS, *map(connections.sync_job, connections.load(settings.connections))]
    return _existing(clients.jobs_client(settings).get_job, f"{settings.parent}/jobs", names)


def functions(settings: DeploySettings) -> Iterator[functions_v2.Function]:
    """The functions of ours that are there."""
    return _existing(functions_client(settings).get_function, f"{settings.parent}/functions", FUNCTIONS)


def _existing(get: Callable[..., Any], folder: str, names: Iterable[str]) -> Iterator[Any]:
    for name in names:
        with suppress(exceptions.NotFound):
            yield get(name=f"{folder}/{name}", timeout=TIMEOUT_S, retry=RETRY)


def template(message: run_v2.RevisionTemplate | run_v2.ExecutionTemplate) -> Template:
    """A template as JSON; without a revision's own name, which no second revision may have."""
    value: Template = json_format.MessageToDict(type(message).pb(message))
    value.pop("revision", None)
    return value


def function_template(function: functions_v2.Function) -> Template:
    """Source (bucket, object, and the generation that was built) and variables of a function, as JSON."""
    build = function.build_config
    built = build.source_provenance.resolved_storage_source
    source = built if built.object_ else build.source.storage_source
    message = functions_v2.Function(
        build_config=functions_v2.BuildConfig(source=functions_v2.Source(storage_source=source)),
        service_config=functions_v2.ServiceConfig(
            environment_variables=function.service_config.environment_variables,
            secret_environment_variables=function.service_config.secret_environment_variables,
        ),
    )
    value: Template = json_format.MessageToDict(functions_v2.Function.pb(message))
    return value
