"""Cloud Run and Cloud Functions as a deployment meets them: over HTTP, with their way of settling after a change."""

import threading
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, jsonify, request
from google.api_core import exceptions
from google.cloud import functions_v2, run_v2
from google.longrunning import operations_pb2
from google.protobuf import json_format
from werkzeug.serving import make_server

from stand_ins import google_rest

PARENT = "projects/laptop/locations/local"
READY = {"state": "CONDITION_SUCCEEDED"}
LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
MESSAGES = {"services": run_v2.Service, "jobs": run_v2.Job, "functions": functions_v2.Function}
Json = dict[str, Any]


def image(name: str, number: int) -> str:
    """The image of deployment ``number``."""
    return f"europe-west1-docker.pkg.dev/laptop/images/{name}@sha256:{number:064x}"


class Cloud:
    """What is deployed (kind -> name -> value), and every change in the order in which it was made.

    ``unwilling``: names whose update answers an error. ``slow``: reads that still see a change under way.
    ``endings``: job -> how its next execution ends. ``never_ready``: names that fail to become ready.
    """

    def __init__(self) -> None:
        self.there: dict[str, dict[str, Json]] = {kind: {} for kind in MESSAGES}
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
        run = {"generation": str(number), "observedGeneration": str(number), "terminalCondition": READY}
        for name in ("cache", "superset", "ingestion"):
            revision = f"{PARENT}/services/{name}/revisions/{name}-{number:05d}"
            self.there["services"][name] = {
                **run,
                "template": _containers(name, number),
                "latestCreatedRevision": revision,
                "latestReadyRevision": revision,
                "trafficStatuses": [{"type": LATEST, "percent": 100}],
            }
        for name in ("transform", "superset-bootstrap", "superset-apply", "superset-refresh", "ingest-shop"):
            of = "connector-folder" if name.startswith("ingest") else name.partition("-")[0]
            self.there["jobs"][name] = {**run, "template": {"template": _containers(of, number)}}
        for name in ("bronze-finalized", "promote", "sweep", "sync", "warm-cache"):
            source = {"bucket": "source", "object": f"functions/{archive}.zip", "generation": str(number)}
            self.there["functions"][name] = {
                "state": "ACTIVE",
                "buildConfig": {
                    "runtime": "python311",
                    "source": {"storageSource": source},
                    "sourceProvenance": {"resolvedStorageSource": source},
                },
                "serviceConfig": {"environmentVariables": {"N": str(number)}},
            }
        for kind, values in self.there.items():
            for name, value in values.items():
                value["name"] = f"{PARENT}/{kind}/{name}"

    def numbers(self) -> set[str]:
        """Which deployments run now: the last digits of every image, and the generations of every source."""
        images = [each["template"]["containers"][0]["image"] for each in self.there["services"].values()]
        images += [each["template"]["template"]["containers"][0]["image"] for each in self.there["jobs"].values()]
        functions = [each["buildConfig"]["source"]["storageSource"] for each in self.there["functions"].values()]
        return {str(int(text[-8:], 16)) for text in images} | {each["generation"] for each in functions}

    def change(self, kind: str, name: str, change: Json) -> None:
        """An update, as the API takes it: it settles later; a function's source is resolved to what was built."""
        value = self.there[kind][name]
        if kind == "functions":
            source = change["buildConfig"]["source"]
            value["buildConfig"] |= {
                "source": source,
                "sourceProvenance": {"resolvedStorageSource": source["storageSource"]},
            }
            value["serviceConfig"]["environmentVariables"] = change["serviceConfig"]["environmentVariables"]
            value["state"] = "FAILED" if name in self.never_ready else "ACTIVE"
        else:
            generation = str(int(value["generation"]) + 1)
            value |= {"template": change["template"], "generation": generation, "reconciling": True}

    def look(self, name: str, value: Json) -> None:
        """A read, which may be the one that sees a change settled."""
        if value.get("reconciling"):
            self.slow -= 1
            if self.slow < 0:
                failed = {"state": "CONDITION_FAILED", "message": "the probe got no answer"}
                condition = failed if name in self.never_ready else READY
                value |= {"observedGeneration": value["generation"], "terminalCondition": condition}
                del value["reconciling"]

    def run(self, name: str, overrides: run_v2.RunJobRequest.Overrides) -> run_v2.Execution:
        """An execution of a job, ended as the test says."""
        arguments = [argument for container in overrides.container_overrides for argument in container.args]
        self.changes.append(" ".join(["run", name, *arguments]))
        ending = self.endings.get(name, "succeeded")
        execution = run_v2.Execution(name=f"{PARENT}/jobs/{name}/executions/{name}-x1", log_uri="https://logs/x1")
        if ending != "never":
            execution.completion_time = datetime.now(UTC)
            execution.succeeded_count, execution.failed_count = int(ending == "succeeded"), int(ending != "succeeded")
            execution.conditions = [run_v2.Condition(type_="Completed", message=ending)]
        self.executions[f"{name}-x1"] = execution
        return execution


def _containers(name: str, number: int) -> Json:
    return {"containers": [{"image": image(name, number), "env": [{"name": "N", "value": str(number)}]}]}


def _application(cloud: Cloud) -> Flask:
    app = google_rest.application("cloud")
    one = f"/v2/{PARENT}/<any(services,jobs,functions):kind>/<name>"

    def known(values: dict[str, Any], name: str) -> Any:
        if name not in values:
            raise exceptions.NotFound(f"{name} does not exist")
        return values[name]

    @app.get(one)
    def get(kind: str, name: str) -> Response:
        cloud.look(name, value := known(cloud.there[kind], name))
        return jsonify(value)

    @app.patch(one)
    def patch(kind: str, name: str) -> Response:
        known(cloud.there[kind], name)
        if name in cloud.unwilling:
            raise exceptions.PermissionDenied(f"{name} may not be updated")
        google_rest.parse(MESSAGES[kind])  # what Google's own message does not have is refused
        assert kind != "functions" or "buildConfig.source" in request.args["updateMask"].split(",")
        cloud.changes.append(f"{kind[:-1]} {name}")
        cloud.change(kind, name, request.get_json())
        return jsonify(name=f"{PARENT}/operations/1")

    @app.post(f"/v2/{PARENT}/jobs/<name>:run")
    def run(name: str) -> Response:
        known(cloud.there["jobs"], name)
        execution = cloud.run(name, google_rest.parse(run_v2.RunJobRequest).overrides)
        operation = operations_pb2.Operation(name=f"{PARENT}/operations/2")
        operation.metadata.Pack(run_v2.Execution.pb(execution))
        return jsonify(json_format.MessageToDict(operation))

    @app.get(f"/v2/{PARENT}/jobs/<job>/executions/<name>")
    def execution(job: str, name: str) -> Response:
        return google_rest.as_json(known(cloud.executions, name))

    return app
