"""The REST edge: projects.locations.jobs of cloudscheduler.googleapis.com v1."""

import re
import uuid
from datetime import UTC, datetime

from flask import Flask, Response, jsonify, request
from google.api_core import exceptions
from google.cloud.scheduler_v1 import Job, ListJobsResponse
from google.protobuf import field_mask_pb2

from stand_ins import google_rest
from stand_ins.scheduler.clock import Clock
from stand_ins.scheduler.jobs import JobStore, with_defaults

# What a caller may set; the rest of a job is the service's own.
SETTABLE = ["description", "http_target", "schedule", "time_zone", "retry_config", "attempt_deadline"]


def create_app(store: JobStore, clock: Clock) -> Flask:
    """The API; jobs exist in whatever project and location they are made in."""
    app = google_rest.application("Cloud Scheduler")
    location = "/v1/<path:location>"  # projects/P/locations/L

    @app.post(f"{location}/jobs")
    def create(location: str) -> Response:
        asked = google_rest.parse(Job)
        name = asked.name or f"{location}/jobs/{uuid.uuid4()}"
        if not re.fullmatch(rf"{re.escape(location)}/jobs/[a-zA-Z0-9_-]{{1,500}}", name):
            raise exceptions.InvalidArgument(f"job.name: {location}/jobs/ID is expected, found {name!r}")
        job = _settable(asked)
        job.name = name
        job = with_defaults(job)
        job.state, job.user_update_time, job.schedule_time = Job.State.ENABLED, datetime.now(UTC), clock.first_time(job)
        return google_rest.as_json(store.create(job))

    @app.get(f"{location}/jobs")
    def list_jobs(location: str) -> Response:
        found = [job for job in store.all() if job.name.startswith(f"{location}/jobs/")]
        shown, token = google_rest.page(found, default_size=500)
        return google_rest.as_json(ListJobsResponse(jobs=shown, next_page_token=token))

    @app.get(f"{location}/jobs/<job>")
    def get(location: str, job: str) -> Response:
        return google_rest.as_json(store.get(f"{location}/jobs/{job}"))

    @app.patch(f"{location}/jobs/<job>")
    def update(location: str, job: str) -> Response:
        asked = google_rest.parse(Job)
        mask = _mask(request.args.get("updateMask", ""))

        def merged(old: Job) -> Job:
            new = Job(old)
            mask.MergeMessage(Job.pb(_settable(asked)), Job.pb(new), replace_message_field=True)
            new = with_defaults(new)
            new.user_update_time = datetime.now(UTC)
            if (new.schedule, new.time_zone) != (old.schedule, old.time_zone):
                new.schedule_time = clock.first_time(new)
            return new

        return google_rest.as_json(store.update(f"{location}/jobs/{job}", merged))

    @app.delete(f"{location}/jobs/<job>")
    def delete(location: str, job: str) -> Response:
        store.delete(f"{location}/jobs/{job}")
        return jsonify({})

    @app.post(f"{location}/jobs/<job>:pause")
    def pause(location: str, job: str) -> Response:
        def paused(old: Job) -> Job:
            old.state = Job.State.PAUSED
            return old

        return google_rest.as_json(store.update(f"{location}/jobs/{job}", paused))

    @app.post(f"{location}/jobs/<job>:resume")
    def resume(location: str, job: str) -> Response:
        def resumed(old: Job) -> Job:
            if old.state == Job.State.PAUSED:
                old.state, old.schedule_time = Job.State.ENABLED, clock.first_time(old)
            return old

        return google_rest.as_json(store.update(f"{location}/jobs/{job}", resumed))

    @app.post(f"{location}/jobs/<job>:run")
    def run(location: str, job: str) -> Response:
        found = store.get(f"{location}/jobs/{job}")
        clock.run_now(found)
        return google_rest.as_json(found)

    return app


def _settable(asked: Job) -> Job:
    """The part of a request that its sender decides; output-only fields are ignored, as the API guidelines want."""
    made = Job()
    field_mask_pb2.FieldMask(paths=SETTABLE).MergeMessage(Job.pb(asked), Job.pb(made))
    for other in ("pubsub_target", "app_engine_http_target"):
        if other in asked:
            raise exceptions.MethodNotImplemented(f"{other}: only httpTarget is served here")
    return made


def _mask(text: str) -> field_mask_pb2.FieldMask:
    """``updateMask`` of a request; without one, every field that can be set."""
    mask = field_mask_pb2.FieldMask()
    mask.FromJsonString(text)
    if unknown := [path for path in mask.paths if path.partition(".")[0] not in SETTABLE]:
        raise exceptions.InvalidArgument(f"updateMask: {', '.join(SETTABLE)} can be changed, found {unknown[0]}")
    return mask if mask.paths else field_mask_pb2.FieldMask(paths=SETTABLE)
