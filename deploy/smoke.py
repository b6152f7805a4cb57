"""The smoke test: does what was pushed run, is it ready, and do readers see a release?

Services answer inside the network and to named accounts only, so the build cannot ask them. Cloud Run has: a
revision is ready only when its start-up probe was answered, and that probe asks the service itself.
"""

from collections.abc import Iterator
from typing import Any

from google.cloud import functions_v2, run_v2

from biaac import connections, releases
from biaac.clients import storage_client
from biaac.errors import PermanentError
from deploy import functions_source, inputs, last_good, running
from deploy.settings import DeploySettings

SUCCEEDED = run_v2.Condition.State.CONDITION_SUCCEEDED
LATEST = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST


def test(settings: DeploySettings) -> None:
    """Raise ``PermanentError`` with all that is not as deployed; else later failures go back to this deployment."""
    given = inputs.read(settings)
    faults = [
        *_services(settings, given["images"]),
        *_jobs(settings, given["images"]),
        *_functions(settings, given["functions_source"]),
    ]
    if faults:
        raise PermanentError("the deployment is not valid: " + "; ".join(faults))
    current = releases.current(storage_client(settings).bucket(settings.lake_bucket), settings.environment)
    good = last_good.record(settings, running.read(settings), given)
    release = f"release {current.id}" if current else "no release yet (the first sync makes one)"
    print(
        f"smoke test: {len(good.services)} services, {len(good.jobs)} jobs, {len(good.functions)} functions; {release}"
    )


def _services(settings: DeploySettings, images: dict[str, Any]) -> Iterator[str]:
    found = list(running.services(settings))
    missing = {"cache", "superset"} - {service.name.rpartition("/")[2] for service in found}
    yield from (f"service {name} is not there" for name in sorted(missing))
    for service in found:
        name = service.name.rpartition("/")[2]
        yield from _image(f"service {name}", service.template.containers[0].image, images[name])
        if service.terminal_condition.state is not SUCCEEDED:
            yield f"service {name} is not ready: {service.terminal_condition.message or 'it does not say why'}"
        elif service.latest_ready_revision != service.latest_created_revision:
            yield f"service {name}: its newest revision {service.latest_created_revision} is not ready"
        elif any(t.type_ is not LATEST and t.percent for t in service.traffic_statuses):
            yield f"service {name}: not all requests go to its newest revision"


def _jobs(settings: DeploySettings, images: dict[str, Any]) -> Iterator[str]:
    found = {job.name.rpartition("/")[2]: job for job in running.jobs(settings)}
    by_job = {connections.sync_job(name): image for name, image in images["connections"].items()}
    # With Airbyte elsewhere there are no sync jobs of ours.
    yield from (f"job {name} is not there" for name in running.JOBS if name not in found)
    for name, job in found.items():
        expected = by_job.get(name) or images[name.partition("-")[0]]
        yield from _image(f"job {name}", job.template.template.containers[0].image, expected)
        if job.terminal_condition.state is not SUCCEEDED:
            yield f"job {name} is not ready: {job.terminal_condition.message or 'it does not say why'}"


def _functions(settings: DeploySettings, source: str) -> Iterator[str]:
    digest = functions_source.digest(source)
    found = {function.name.rpartition("/")[2]: function for function in running.functions(settings)}
    yield from (f"function {name} is not there" for name in running.FUNCTIONS if name not in found)
    for name, function in found.items():
        if function.state is not functions_v2.Function.State.ACTIVE:
            yield f"function {name} is {function.state.name.lower()}, not active"
        built = function.build_config.source.storage_source.object_
        if digest not in built:
            yield f"function {name} is built from {built}, not from the archive {digest}"


def _image(what: str, found: str, expected: str) -> Iterator[str]:
    if found != expected:
        yield f"{what} runs {found}, not {expected}"
