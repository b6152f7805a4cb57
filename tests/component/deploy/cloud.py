"""Cloud Run and Cloud Functions as a deployment meets them: over HTTP, with their way of settling after a change."""

import threading
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, request
from google.api_core import exceptions
from google.cloud import functions_v2, run_v2
from google.longrunning import operations_pb2
from google.protobuf import json_format
from werkzeug.serving import make_server

from stand_ins import google_rest

PARENT = "projects/laptop/locations/local"
READY = run_v2.Condition.State.CONDITION_SUCCEEDED
FAILED = run_v2.Condition.State.CONDITION_FAILED
LATEST = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST


def image(name: str, number: int) -> str:
    """The image of deployment ``number``."""
    return f"europe-west1-docker.pkg.dev/laptop/images/{name}@sha256:{number:064x}"


class Cloud:
    """What is deployed, and every change in the order in which it was made.

    ``unwilling``: names whose update answers an error. ``slow``: reads that still find a change under way.
    ``endings``: job -> how its next execution ends. ``never_ready``: names that fail to become ready.
    """

    def __init__(self) -> None:
        self.services: dict[str, run_v2.Service] = {}
        self.jobs: dict[str, run_v2.Job] = {}
        self.functions: dict[str, functions_v2.Function] = {}
        self.executions: dict[str, run_v2.Execution] = {}
        self.changes: list[str] = []
        self.unwilling: set[str] = set()
        self.never_ready: set[str] = set()
        self.slow = 0
        self.endings: dict[str, str] = {}
        self.server = make_server("127.0.0.1", 0, _application(self), threaded=True)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def deploy(self, number: int, archive: str = "0" * 64) -> None:
        """Everything at once to deployment ``number``, as a good apply leaves it."""
        for name in ("cache", "superset", "ingestion"):
            container = run_v2.Container(image=image(name, number), env=[run_v2.EnvVar(name="N", value=str(number))])
            self.services[name] = self._service(name, run_v2.RevisionTemplate(containers=[container]), number)
        for name in ("transform", "superset-bootstrap", "superset-apply", "superset-refresh", "ingest-shop"):
            of = "connector-folder" if name.startswith("ingest") else name.partition("-")[0]
            template = run_v2.TaskTemplate(containers=[run_v2.Container(image=image(of, number))])
            self.jobs[name] = run_v2.Job(
                name=f"{PARENT}/jobs/{name}",
                template=run_v2.ExecutionTemplate(template=template),
                terminal_condition=run_v2.Condition(state=READY),
            )
        for name in ("bronze-finalized", "promote", "sweep", "sync", "warm-cache"):
            source = functions_v2.StorageSource(bucket="source", object_=f"functions/{archive}.zip", generation=number)
            self.functions[name] = functions_v2.Function(
                name=f"{PARENT}/functions/{name}",
                state=functions_v2.Function.State.ACTIVE,
                build_config=functions_v2.BuildConfig(
                    runtime="python311",
                    source=functions_v2.Source(storage_source=source),
                    source_provenance=functions_v2.SourceProvenance(resolved_storage_source=source),
                ),
                service_config=functions_v2.ServiceConfig(environment_variables={"N": str(number)}),
            )

    def numbers(self) -> set[str]:
        """Which deployments run now: the last digits of every image, and the generations of every source."""
        images = [s.template.containers[0].image for s in self.services.values()]
        images += [j.template.template.containers[0].image for j in self.jobs.values()]
        sources = [f.build_config.source.storage_source.generation for f in self.functions.values()]
        return {str(int(text[-8:], 16)) for text in images} | {str(number) for number in sources}

    def _service(self, name: str, template: run_v2.RevisionTemplate, number: int) -> run_v2.Service:
        revision = f"{PARENT}/services/{name}/revisions/{name}-{number:05d}"
        return run_v2.Service(
            name=f"{PARENT}/services/{name}",
            template=template,
            generation=number,
            observed_generation=number,
            latest_created_revision=revision,
            latest_ready_revision=revision,
            terminal_condition=run_v2.Condition(state=READY),
            traffic_statuses=[run_v2.TrafficTargetStatus(type_=LATEST, percent=100)],
        )


def _application(cloud: Cloud) -> Flask:
    app = google_rest.application("cloud")
    kinds: dict[str, tuple[dict[str, Any], Any]] = {
        "services": (cloud.services, run_v2.Service),
        "jobs": (cloud.jobs, run_v2.Job),
        "functions": (cloud.functions, functions_v2.Function),
    }

    def answer(message: Any) -> Response:
        body = json_format.MessageToJson(type(message).pb(message) if hasattr(type(message), "pb") else message)
        return Response(body, mimetype="application/json")

    def known(resources: dict[str, Any], name: str) -> Any:
        if name not in resources:
            raise exceptions.NotFound(f"{name} does not exist")
        return resources[name]

    @app.get(f"/v2/{PARENT}/<any(services,jobs,functions):kind>/<name>")
    def get(kind: str, name: str) -> Response:
        resource = known(kinds[kind][0], name)
        if kind != "functions" and resource.reconciling:
            cloud.slow -= 1
            if cloud.slow < 0:
                _settle(cloud, name, resource)
        return answer(resource)

    @app.patch(f"/v2/{PARENT}/<any(services,jobs,functions):kind>/<name>")
    def patch(kind: str, name: str) -> Response:
        there = known(kinds[kind][0], name)
        if name in cloud.unwilling:
            raise exceptions.PermissionDenied(f"{name} may not be updated")
        change = google_rest.parse(kinds[kind][1])
        cloud.changes.append(f"{kind[:-1]} {name}")
        if kind == "functions":
            assert set(request.args["updateMask"].split(",")) >= {"buildConfig.source"}
            there.build_config.source = change.build_config.source
            there.build_config.source_provenance.resolved_storage_source = change.build_config.source.storage_source
            there.service_config.environment_variables = change.service_config.environment_variables
            there.state = functions_v2.Function.State.FAILED if name in cloud.never_ready else there.state
        else:
            there.template = change.template
            there.generation += 1
            there.reconciling = True
        return answer(operations_pb2.Operation(name=f"{PARENT}/operations/1"))

    @app.post(f"/v2/{PARENT}/jobs/<name>:run")
    def run(name: str) -> Response:
        known(cloud.jobs, name)
        overrides = google_rest.parse(run_v2.RunJobRequest).overrides
        arguments = [argument for c in overrides.container_overrides for argument in c.args]
        cloud.changes.append(" ".join(["run", name, *arguments]))
        ending = cloud.endings.get(name, "succeeded")
        execution = run_v2.Execution(name=f"{PARENT}/jobs/{name}/executions/{name}-x1", log_uri="https://logs/x1")
        if ending != "never":
            execution.completion_time = datetime.now(UTC)
            execution.succeeded_count, execution.failed_count = int(ending == "succeeded"), int(ending != "succeeded")
            execution.conditions = [run_v2.Condition(type_="Completed", message=ending)]
        cloud.executions[f"{name}-x1"] = execution
        operation = operations_pb2.Operation(name=f"{PARENT}/operations/2")
        operation.metadata.Pack(run_v2.Execution.pb(execution))
        return answer(operation)

    @app.get(f"/v2/{PARENT}/jobs/<job>/executions/<name>")
    def execution(job: str, name: str) -> Response:
        return answer(known(cloud.executions, name))

    return app


def _settle(cloud: Cloud, name: str, resource: Any) -> None:
    resource.reconciling = False
    resource.observed_generation = resource.generation
    state, message = (FAILED, "the probe got no answer") if name in cloud.never_ready else (READY, "")
    resource.terminal_condition = run_v2.Condition(state=state, message=message)
