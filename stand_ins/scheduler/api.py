"""The REST edge: projects.locations.jobs of cloudscheduler.googleapis.com v1."""

import re
import uuid
from datetime import UTC, datetime

from flask import Flask, request
from google.api_core import exceptions
from google.cloud.scheduler_v1 import Job, ListJobsResponse
from google.protobuf import empty_pb2, field_mask_pb2

from stand_ins import google_rest
from stand_ins.scheduler.clock import Clock
from stand_ins.scheduler.schedules import JobStore, changed, with_defaults

# What a caller may set; the rest of a job is the service's own.
SETTABLE = ["description", "http_target", "schedule", "time_zone", "retry_config", "attempt_deadline"]


def create_app(store: JobStore, clock: Clock) -> Flask:
    """The API; a job exists in the project and location of its name."""
    app = google_rest.application("Cloud Scheduler")
    api = _Api(store, clock)
    jobs = "/v1/<path:location>/jobs"  # of projects/P/locations/L
    for method, path, view in (
        ("POST", "", api.create),
        ("GET", "", api.list),
        ("GET", "/<job>", api.get),
        ("PATCH", "/<job>", api.update),
        ("DELETE", "/<job>", api.delete),
        ("POST", "/<job>:pause", api.pause),
        ("POST", "/<job>:resume", api.resume),
        ("POST", "/<job>:run", api.run),
    ):
        google_rest.add_route(app, method, jobs + path, view)
    return app


class _Api:
    def __init__(self, store: JobStore, clock: Clock) -> None:
        self.store = store
        self.clock = clock

    def create(self, location: str) -> Job:
        new = google_rest.parse(Job)
        name = new.name or f"{location}/jobs/{uuid.uuid4()}"
        if not re.fullmatch(rf"{re.escape(location)}/jobs/[a-zA-Z0-9_-]{{1,500}}", name):
            raise exceptions.InvalidArgument(f"job.name: {location}/jobs/ID is expected, found {name!r}")
        job = with_defaults(changed(_settable(new), name=name))
        times = {"user_update_time": datetime.now(UTC), "schedule_time": self.clock.first_time(job)}
        return self.store.create(changed(job, state=Job.State.ENABLED, **times))

    def list(self, location: str) -> ListJobsResponse:
        jobs = [job for job in self.store.all() if job.name.startswith(f"{location}/jobs/")]
        page, token = google_rest.page(jobs, default_size=500)
        return ListJobsResponse(jobs=page, next_page_token=token)

    def get(self, location: str, job: str) -> Job:
        return self.store.get(f"{location}/jobs/{job}")

    def update(self, location: str, job: str) -> Job:
        changes = google_rest.parse(Job)
        mask = _mask(request.args.get("updateMask", ""))

        def change(old: Job) -> Job:
            new = Job(old)
            mask.MergeMessage(Job.pb(_settable(changes)), Job.pb(new), replace_message_field=True)
            new = with_defaults(new)
            new.user_update_time = datetime.now(UTC)
            if (new.schedule, new.time_zone) != (old.schedule, old.time_zone):
                new.schedule_time = self.clock.first_time(new)
            return new

        return self.store.update(f"{location}/jobs/{job}", change)

    def delete(self, location: str, job: str) -> empty_pb2.Empty:
        self.store.delete(f"{location}/jobs/{job}")
        return empty_pb2.Empty()

    def pause(self, location: str, job: str) -> Job:
        return self.store.update(f"{location}/jobs/{job}", lambda job: changed(job, state=Job.State.PAUSED))

    def resume(self, location: str, job: str) -> Job:
        def change(job: Job) -> Job:
            if job.state != Job.State.PAUSED:
                return job
            return changed(job, state=Job.State.ENABLED, schedule_time=self.clock.first_time(job))

        return self.store.update(f"{location}/jobs/{job}", change)

    def run(self, location: str, job: str) -> Job:
        current = self.store.get(f"{location}/jobs/{job}")
        self.clock.run_now(current)
        return current


def _settable(job: Job) -> Job:
    """A copy with the fields that a caller may set; the API guidelines want the others ignored."""
    copy = Job()
    field_mask_pb2.FieldMask(paths=SETTABLE).MergeMessage(Job.pb(job), Job.pb(copy))
    for other in ("pubsub_target", "app_engine_http_target"):
        if other in job:
            raise exceptions.MethodNotImplemented(f"{other}: only httpTarget is served here")
    return copy


def _mask(text: str) -> field_mask_pb2.FieldMask:
    """``updateMask`` of a request; without one, every field that can be set."""
    mask = field_mask_pb2.FieldMask()
    mask.FromJsonString(text)
    if unknown := [path for path in mask.paths if path.partition(".")[0] not in SETTABLE]:
        raise exceptions.InvalidArgument(f"updateMask: {', '.join(SETTABLE)} can be changed, found {unknown[0]}")
    return mask if mask.paths else field_mask_pb2.FieldMask(paths=SETTABLE)
