"""The clock: calls the target of each job that is due, and again as its retry policy says."""

import threading
import time
from datetime import UTC, datetime, timedelta
from functools import partial

import httpx
import structlog
from google.api_core import exceptions
from google.cloud.scheduler_v1 import HttpMethod, Job, OidcToken
from google.rpc import code_pb2, status_pb2

from stand_ins.scheduler.schedules import JobStore, backoff, changed, may_retry, next_time
from stand_ins.unsigned_token import unsigned_token

log = structlog.get_logger()


class Clock:
    """One thread watches the schedules and starts another for each run. ``every`` replaces all crons."""

    def __init__(self, store: JobStore, *, every: timedelta | None) -> None:
        self._store = store
        self._every = every
        self._running: set[str] = set()

    def first_time(self, job: Job) -> datetime:
        """When a job that was just made or resumed is due."""
        now = datetime.now(UTC)
        return now if self._every else next_time(job, now)

    def start(self) -> None:
        """Begin to watch. A time that passed while the stand-in was down is due at once."""
        for job in self._store.all():
            if self._every and job.state == Job.State.ENABLED:
                self._store.update(job.name, lambda job: changed(job, schedule_time=datetime.now(UTC)))
        threading.Thread(target=self._watch, name="clock", daemon=True).start()

    def run_now(self, job: Job) -> None:
        """Dispatch a job beside its schedule, even if it is running."""
        self._run_in_thread(job, as_scheduled=False)

    def _watch(self) -> None:
        while True:
            with self._store.changed:
                waiting = [
                    job for job in self._store.all() if job.state == Job.State.ENABLED and job.name not in self._running
                ]
                now = datetime.now(UTC)
                for job in waiting:
                    if job.schedule_time <= now:
                        self._running.add(job.name)
                        self._run_in_thread(job, as_scheduled=True)
                later = [(job.schedule_time - now).total_seconds() for job in waiting if job.schedule_time > now]
                self._store.changed.wait(timeout=min(later, default=None))

    def _run_in_thread(self, job: Job, *, as_scheduled: bool) -> None:
        threading.Thread(target=self._run, args=(job, as_scheduled), name=job.name, daemon=True).start()

    def _run(self, job: Job, as_scheduled: bool) -> None:
        try:
            self._attempt_until_done(job.name)
            if as_scheduled:
                self._store.update(job.name, lambda after: self._scheduled_again(after, ran=job.schedule_time))
        except exceptions.NotFound:
            log.info("deleted while it ran", job=job.name)
        finally:
            with self._store.changed:
                if as_scheduled:
                    self._running.discard(job.name)
                self._store.changed.notify_all()

    def _scheduled_again(self, job: Job, *, ran: datetime) -> Job:
        """The next time in the future, unless the schedule was changed during the run."""
        if job.schedule_time != ran:
            return job
        now = datetime.now(UTC)
        if self._every is None:
            return changed(job, schedule_time=next_time(job, now))
        return changed(job, schedule_time=ran + self._every * ((now - ran) // self._every + 1))

    def _attempt_until_done(self, name: str) -> None:
        """One run: an attempt, and as many retries as the policy allows."""
        began, retries = time.monotonic(), 0
        scheduled = self._store.get(name).schedule_time
        while True:
            job = self._store.get(name)  # each attempt uses the job as it is now
            status = attempt(job, scheduled)
            self._store.update(name, partial(changed, last_attempt_time=datetime.now(UTC), status=status))
            fields = {"job": name, "uri": job.http_target.uri, "attempt": retries + 1, "answer": status.message}
            if status.code == code_pb2.OK:
                log.info("ran", **fields)
                return
            elapsed = timedelta(seconds=time.monotonic() - began)
            if not may_retry(job, retries=retries, elapsed=elapsed):
                log.warning("failed", **fields)
                return
            wait = backoff(job, retries)
            log.warning("to be retried", **fields, wait_s=wait.total_seconds())
            time.sleep(wait.total_seconds())  # the policy's own wait, not a readiness guess
            retries += 1


def attempt(job: Job, scheduled: datetime) -> status_pb2.Status:
    """Call the target once. OK for 2xx; otherwise the status that stands for the HTTP code or the network's error."""
    target = job.http_target
    try:
        response = httpx.request(
            HttpMethod(target.http_method).name,
            target.uri,
            headers=headers(job, scheduled),
            content=target.body,
            timeout=httpx.Timeout(job.attempt_deadline.total_seconds(), connect=10),
        )
    except httpx.TimeoutException as error:
        return status_pb2.Status(code=code_pb2.DEADLINE_EXCEEDED, message=f"{type(error).__name__}: {error}")
    except httpx.HTTPError as error:
        return status_pb2.Status(code=code_pb2.UNAVAILABLE, message=f"{type(error).__name__}: {error}")
    message = f"{response.status_code} {response.text[:200]}".strip()
    if response.is_success:
        return status_pb2.Status(message=message)
    known = exceptions.from_http_status(response.status_code, message).grpc_status_code
    return status_pb2.Status(code=known.value[0] if known else code_pb2.UNKNOWN, message=message)


def headers(job: Job, scheduled: datetime) -> dict[str, str]:
    """The job's own headers under those that Cloud Scheduler sets."""
    target = job.http_target
    sent = {"Content-Type": "application/octet-stream"} if target.body else {}
    sent |= dict(target.headers)
    sent |= {
        "User-Agent": "Google-Cloud-Scheduler",
        "X-CloudScheduler": "true",
        "X-CloudScheduler-JobName": job.name.rpartition("/")[2],
        "X-CloudScheduler-ScheduleTime": f"{scheduled:%FT%TZ}",
    }
    if "oidc_token" in target:
        sent["Authorization"] = f"Bearer {identity_token(target.oidc_token, default_audience=target.uri)}"
    return sent


def identity_token(token: OidcToken, *, default_audience: str) -> str:
    """The claims of the real identity token, without a signature."""
    now = int(time.time())
    claims = {
        "iss": "stand_ins.scheduler",
        "aud": token.audience or default_audience,
        "email": token.service_account_email,
        "iat": now,
        "exp": now + 3600,
    }
    return unsigned_token(claims)
