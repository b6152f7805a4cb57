"""What runs in the cloud: services, jobs and functions, read and replaced by their REST APIs, in the APIs' own JSON."""

from collections.abc import Iterator
from typing import Any

import google.auth
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from biaac import connections
from biaac.errors import PermanentError, TransientError
from deploy.settings import DeploySettings

TIMEOUT_S = 20  # of one call
SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
RETRY = Retry(total=6, backoff_factor=1, backoff_max=10, status_forcelist=(429, 500, 502, 503, 504),
              allowed_methods=("GET", "PATCH"), raise_on_status=False)  # fmt: skip

SERVICES = ("cache", "ingestion", "superset")  # ingestion: only where airbyte = "job"
JOBS = ("transform", "superset-bootstrap", "superset-apply", "superset-refresh")
FUNCTIONS = ("bronze-finalized", "promote", "sweep", "sync", "warm-cache")
KINDS = ("services", "jobs", "functions")

Json = dict[str, Any]


class Running:
    """The resources of one environment."""

    def __init__(self, settings: DeploySettings) -> None:
        self._settings = settings
        stand_in = settings.run_emulator
        credentials = AnonymousCredentials() if stand_in else google.auth.default(scopes=SCOPES)[0]
        self._session = AuthorizedSession(credentials)
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=RETRY))
        self._addresses = dict.fromkeys(KINDS, stand_in or "https://run.googleapis.com")
        self._addresses["functions"] = settings.functions_emulator or "https://cloudfunctions.googleapis.com"

    def all(self, kind: str) -> Iterator[tuple[str, Json]]:
        """Name and value of those of a kind that are there; of jobs, one more for each connection."""
        names = {"services": SERVICES, "functions": FUNCTIONS}.get(kind) or (
            *JOBS, *map(connections.sync_job, connections.load(self._settings.connections))
        )  # fmt: skip
        for name in names:
            if value := self.get(kind, name):
                yield name, value

    def get(self, kind: str, name: str) -> Json | None:
        """One of them; None where it is not there."""
        return self._call("GET", kind, name)

    def replace(self, kind: str, name: str, part: Json) -> None:
        """Ask for ``part`` (of ``deployed``) in place of what is there; ``settled`` tells when it runs."""
        value = {**(self.get(kind, name) or {}), **part}
        # A job has no mask: all of it is replaced. Of a function only source and variables are ours to replace.
        fields = "buildConfig.source,serviceConfig.environmentVariables,serviceConfig.secretEnvironmentVariables"
        masks = {"services": "template", "functions": fields}
        self._call("PATCH", kind, name, json=value, params={"updateMask": masks[kind]} if kind in masks else None)

    def _call(self, method: str, kind: str, name: str, **more: Any) -> Json | None:
        url = f"{self._addresses[kind]}/v2/{self._settings.parent}/{kind}/{name}"
        answer = self._session.request(method, url, timeout=TIMEOUT_S, **more)
        if answer.status_code == 404 and method == "GET":
            return None
        if not answer.ok:
            worth_another = answer.status_code in RETRY.status_forcelist
            error = TransientError if worth_another else PermanentError
            raise error(f"{kind} {name}: {method} answered {answer.status_code}: {answer.text[:500]}")
        value: Json = answer.json()
        return value


def deployed(kind: str, value: Json) -> Json:
    """The part that a deployment replaces: a template; of a function its variables, and the source that was built."""
    if kind != "functions":
        # Without a revision's own name, which no second revision may have.
        return {"template": {key: part for key, part in value["template"].items() if key != "revision"}}
    build, service = value.get("buildConfig", {}), value.get("serviceConfig", {})
    built = build.get("sourceProvenance", {}).get("resolvedStorageSource")  # names the generation that was built
    source = {"storageSource": built} if built else build.get("source", {})
    names = ("environmentVariables", "secretEnvironmentVariables")
    variables = {name: service[name] for name in names if name in service}
    return {"buildConfig": {"source": source}, "serviceConfig": variables}


def settled(kind: str, value: Json) -> tuple[bool, str | None]:
    """Whether its last change runs; and why it never will, where that is so."""
    if kind == "functions":
        messages = "; ".join(each.get("message", "") for each in value.get("stateMessages", []))
        failed = value.get("state") == "FAILED"
        return value.get("state") == "ACTIVE", messages or "it gives no reason" if failed else None
    if value.get("reconciling") or value.get("observedGeneration") != value.get("generation"):
        return False, None
    condition = value.get("terminalCondition", {})
    failed = condition.get("state") == "CONDITION_FAILED"
    ready = condition.get("state") == "CONDITION_SUCCEEDED"
    return ready, condition.get("message") or "it gives no reason" if failed else None
