"""Jobs: which are valid, when one is due, how long it waits between attempts, and the file that keeps them all."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from croniter import croniter
from google.api_core import exceptions
from google.cloud.scheduler_v1 import HttpMethod, Job, ListJobsResponse

# Limits and defaults of the real API: https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs
DEADLINE = timedelta(minutes=3)
DEADLINES = (timedelta(seconds=15), timedelta(minutes=30))
MIN_BACKOFF = timedelta(seconds=5)
MAX_BACKOFF = timedelta(hours=1)
MAX_DOUBLINGS = 5
MAX_RETRIES = 5


def with_defaults(job: Job) -> Job:
    """A copy of ``job`` with the API's defaults; ``InvalidArgument`` or 501 names a field that cannot be served."""
    copy = Job(job)
    copy.time_zone = copy.time_zone or "Etc/UTC"
    copy.attempt_deadline = copy.attempt_deadline or DEADLINE
    copy.retry_config.min_backoff_duration = copy.retry_config.min_backoff_duration or MIN_BACKOFF
    copy.retry_config.max_backoff_duration = copy.retry_config.max_backoff_duration or MAX_BACKOFF
    copy.retry_config.max_doublings = copy.retry_config.max_doublings or MAX_DOUBLINGS
    copy.http_target.http_method = copy.http_target.http_method or HttpMethod.POST
    if "pubsub_target" in job or "app_engine_http_target" in job or "oauth_token" in job.http_target:
        raise exceptions.MethodNotImplemented("only httpTarget, without oauthToken, is served here")
    if not copy.http_target.uri.startswith(("http://", "https://")):
        raise exceptions.InvalidArgument(
            f"httpTarget.uri: http:// or https:// is expected, found {job.http_target.uri!r}"
        )
    if len(copy.schedule.split()) != 5 or not croniter.is_valid(copy.schedule):
        raise exceptions.InvalidArgument(f"schedule: five fields of unix-cron are expected, found {copy.schedule!r}")
    try:
        ZoneInfo(copy.time_zone)
    except (KeyError, ValueError):
        raise exceptions.InvalidArgument(f"timeZone: an IANA name is expected, found {copy.time_zone!r}") from None
    if not DEADLINES[0] <= copy.attempt_deadline <= DEADLINES[1]:
        raise exceptions.InvalidArgument(f"attemptDeadline: 15 s to 30 min, found {copy.attempt_deadline}")
    if not 0 <= copy.retry_config.retry_count <= MAX_RETRIES:
        raise exceptions.InvalidArgument(f"retryConfig.retryCount: 0 to 5, found {copy.retry_config.retry_count}")
    return copy


def changed(job: Job, **fields: object) -> Job:
    """A copy of ``job`` with other values of these fields."""
    copy = Job(job)
    for name, value in fields.items():
        setattr(copy, name, value)
    return copy


def next_time(job: Job, after: datetime) -> datetime:
    """The first time after ``after`` that the cron of ``job`` names in its time zone, daylight saving included."""
    local = after.astimezone(ZoneInfo(job.time_zone))
    time: datetime = croniter(job.schedule, local).get_next(datetime)
    return time.astimezone(UTC)


def backoff(job: Job, retry: int) -> timedelta:
    """The wait before the ``retry``-th retry (from 0): doubles ``maxDoublings`` times, then grows by equal steps."""
    config = job.retry_config
    doublings = min(retry, config.max_doublings)
    longest: timedelta = config.max_backoff_duration
    wait: timedelta = config.min_backoff_duration * 2**doublings * (1 + retry - doublings)
    return min(wait, longest)


def may_retry(job: Job, *, retries: int, elapsed: timedelta) -> bool:
    """Whether a failed run is attempted again: until the number *and* the duration that are set are exhausted."""
    config = job.retry_config
    return bool(retries < config.retry_count or elapsed < (config.max_retry_duration or timedelta()))


class JobStore:
    """Every job by full name; a change is on disk before it is seen. Threads may wait on ``changed``."""

    def __init__(self, state: Path) -> None:
        state.mkdir(parents=True, exist_ok=True)
        self._file = state / "jobs.json"
        self.changed = threading.Condition()
        listing = self._file.read_text() if self._file.exists() else "{}"
        self._jobs = {job.name: job for job in ListJobsResponse.from_json(listing).jobs}

    def all(self) -> list[Job]:
        """Every job, by name."""
        with self.changed:
            return [Job(self._jobs[name]) for name in sorted(self._jobs)]

    def get(self, name: str) -> Job:
        """One job; ``NotFound`` names it."""
        with self.changed:
            if name not in self._jobs:
                raise exceptions.NotFound(f"job {name} does not exist")
            return Job(self._jobs[name])

    def create(self, job: Job) -> Job:
        """Keep a new job; ``AlreadyExists`` if its name is taken."""
        with self.changed:
            if job.name in self._jobs:
                raise exceptions.AlreadyExists(f"job {job.name} exists already")
            return self._write({**self._jobs, job.name: job})[job.name]

    def update(self, name: str, change: Callable[[Job], Job]) -> Job:
        """Replace a job by ``change`` of it."""
        with self.changed:
            return self._write({**self._jobs, name: change(self.get(name))})[name]

    def delete(self, name: str) -> None:
        """Forget a job."""
        with self.changed:
            self.get(name)
            self._write({kept: job for kept, job in self._jobs.items() if kept != name})

    def _write(self, jobs: dict[str, Job]) -> dict[str, Job]:
        new = self._file.with_suffix(".new")
        new.write_text(ListJobsResponse.to_json(ListJobsResponse(jobs=list(jobs.values()))))
        new.replace(self._file)
        self._jobs = jobs
        self.changed.notify_all()
        return jobs
