"""The smoke test: does what was pushed run, is it ready, and do readers see a release?

Some services answer to named accounts only, so the build cannot ask them. Cloud Run has: a revision is ready only
when its start-up probe was answered, and that probe asks the service itself.
"""

from collections.abc import Iterator
from typing import Any

from biaac import connections, releases
from biaac.clients import storage_client
from biaac.errors import PermanentError
from deploy import functions_source, inputs, roll_back
from deploy.running import FUNCTIONS, JOBS, Json, Running, settled
from deploy.settings import DeploySettings

LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"


def test(settings: DeploySettings) -> None:
    """Raise ``PermanentError`` with all that is not as deployed; else later failures go back to this deployment."""
    given, running = inputs.read(settings), Running(settings)
    kinds = {kind: dict(running.all(kind)) for kind in ("services", "jobs", "functions")}
    faults = [
        *_services(kinds["services"], given["images"]),
        *_jobs(kinds["jobs"], given["images"]),
        *_functions(kinds["functions"], given["functions_source"]),
    ]
    if faults:
        raise PermanentError("the deployment is not valid: " + "; ".join(faults))
    current = releases.current(storage_client(settings).bucket(settings.lake_bucket), settings.environment)
    roll_back.record(settings)
    counts = ", ".join(f"{len(each)} {kind}" for kind, each in kinds.items())
    print(
        f"smoke test: {counts}; {f'release {current.id}' if current else 'no release yet (the first sync makes one)'}"
    )


def _services(services: dict[str, Json], images: dict[str, Any]) -> Iterator[str]:
    yield from _missing("service", ("cache", "superset"), services)  # of Airbyte elsewhere there is no ingestion
    for name, service in services.items():
        yield from _as_pushed(f"service {name}", "services", service, service["template"], images[name])
        if service.get("latestReadyRevision") != service.get("latestCreatedRevision"):
            yield f"service {name}: its newest revision {service.get('latestCreatedRevision')} is not ready"
        elif any(target.get("type") != LATEST and target.get("percent") for target in service["trafficStatuses"]):
            yield f"service {name}: not all requests go to its newest revision"


def _jobs(jobs: dict[str, Json], images: dict[str, Any]) -> Iterator[str]:
    by_job = {connections.sync_job(name): image for name, image in images["connections"].items()}
    yield from _missing("job", JOBS, jobs)
    for name, job in jobs.items():
        expected = by_job.get(name) or images[name.partition("-")[0]]
        yield from _as_pushed(f"job {name}", "jobs", job, job["template"]["template"], expected)


def _functions(functions: dict[str, Json], source: str) -> Iterator[str]:
    digest = functions_source.digest(source)
    yield from _missing("function", FUNCTIONS, functions)
    for name, function in functions.items():
        if not settled("functions", function)[0]:
            yield f"function {name} is {function.get('state', 'unknown').lower()}, not active"
        built = function["buildConfig"]["source"]["storageSource"]["object"]
        if digest not in built:
            yield f"function {name} is built from {built}, not from the archive {digest}"


def _missing(kind: str, names: tuple[str, ...], there: dict[str, Json]) -> Iterator[str]:
    yield from (f"{kind} {name} is not there" for name in names if name not in there)


def _as_pushed(what: str, kind: str, value: Json, template: Json, expected: str) -> Iterator[str]:
    image, (ready, error) = template["containers"][0]["image"], settled(kind, value)
    if image != expected:
        yield f"{what} runs {image}, not {expected}"
    if not ready:
        yield f"{what} is not ready: {error or 'it is still changing'}"
