"""What the code reads and says about its surroundings, taken from the code itself: the one side of "laptop = cloud".

The other side is a plan of ``terraform/``; ``test_laptop_is_cloud.py`` lays them side by side.
"""

import ast
import importlib.util
import re
from collections.abc import Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import biaac.settings
import cli.settings
import ingestion.settings
import transform.settings
from biaac import connections
from biaac.connections import SECRET, Connection
from biaac.settings import ROOT, Settings
from cache_service.settings import ServiceSettings as CacheServiceSettings

Kinds = tuple[type[Settings], ...]

# Cloud Run sets these in every container, whatever Terraform says: https://cloud.google.com/run/docs/container-contract
BY_CLOUD_RUN = {"CLOUD_RUN_JOB", "CLOUD_RUN_EXECUTION"}
# Workflows sets these: https://cloud.google.com/workflows/docs/reference/environment-variables
BY_WORKFLOWS = {"GOOGLE_CLOUD_PROJECT_ID", "GOOGLE_CLOUD_LOCATION", "GOOGLE_CLOUD_WORKFLOW_EXECUTION_ID"}


def flat(file: str) -> ModuleType:
    """The settings of a room whose modules are imported flat."""
    spec = importlib.util.spec_from_file_location(file.replace("/", "_").removesuffix(".py"), ROOT / file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FUNCTIONS, SUPERSET = flat("functions/clients.py"), flat("superset/settings.py")


@dataclass(frozen=True)
class Workload:
    """One thing that runs: the settings it loads, and what the cloud says although the code has a default."""

    room: str
    settings: Kinds
    explicit: frozenset[str] = frozenset()
    image: str | None = None  # target of the Dockerfile

    @property
    def readable(self) -> frozenset[str]:
        """Every variable it would take notice of."""
        return frozenset(name for kind in self.settings for name in variables(kind))

    @property
    def needed(self) -> frozenset[str]:
        """What it cannot start without, and what it must not leave to a laptop's default."""
        without_default = {name for kind in self.settings for name, default in variables(kind).items() if not default}
        return frozenset(without_default - BY_CLOUD_RUN) | self.explicit


def variables(kind: type[Settings]) -> dict[str, bool]:
    """Variable -> whether it has a default."""
    return {str(field.alias): not field.is_required() for field in kind.model_fields.values()}


def _workload(room: str, *kinds: type[Settings], explicit: str = "", image: str | None = None) -> Workload:
    return Workload(room, kinds, frozenset({"BIAAC_ENVIRONMENT", *explicit.split()}), image)


AIRBYTE = biaac.settings.AirbyteSettings
SUPERSET_EXPLICIT = "SUPERSET_DATABASE_URL SUPERSET_SECRET_KEY"

# As Cloud Functions and Cloud Run call them.
WORKLOADS = {
    "sync": _workload("functions", FUNCTIONS.Settings, AIRBYTE),
    "bronze-finalized": _workload("functions", FUNCTIONS.Settings, AIRBYTE, explicit="WORKFLOW"),
    "sweep": _workload("functions", FUNCTIONS.Settings, AIRBYTE, explicit="WORKFLOW"),
    "warm-cache": _workload("functions", FUNCTIONS.Settings, FUNCTIONS.CacheSettings),
    "promote": _workload("functions", FUNCTIONS.Settings),
    "transform": _workload(
        "transform",
        *(transform.settings.JobSettings, transform.settings.CloudLakeSettings),
        explicit="SQLMESH_GATEWAY REVISION",
        image="transform",
    ),
    "cache": _workload(
        "cache_service",
        CacheServiceSettings,
        explicit="CACHE_HOST CACHE_DISK_MIB CACHE_RESULT_MIB CACHE_WORKERS CACHE_WORKER_MIB",
        image="cache",
    ),
    "ingestion": _workload("ingestion", ingestion.settings.Settings, image="ingestion"),
    "superset": _workload(
        "superset", SUPERSET.SupersetSettings, explicit=f"{SUPERSET_EXPLICIT} SUPERSET_PORT", image="superset"
    ),
    "superset-apply": _workload("superset", SUPERSET.SupersetSettings, explicit=SUPERSET_EXPLICIT, image="superset"),
    "superset-refresh": _workload("superset", SUPERSET.SupersetSettings, explicit=SUPERSET_EXPLICIT, image="superset"),
    "superset-bootstrap": _workload(
        "superset", SUPERSET.SupersetSettings, explicit=f"{SUPERSET_EXPLICIT} SUPERSET_ADMIN_PASSWORD", image="superset"
    ),
}
COMMAND = _workload("cli", cli.settings.Settings, explicit="WORKFLOW SCHEDULER_SERVICE_ACCOUNT")


def sync_job(connection: Connection) -> Workload:
    """The Cloud Run job of a connection: the room's settings, and every secret that the file names."""
    explicit = " ".join(secrets(connection))
    return _workload("ingestion", ingestion.settings.Settings, explicit=explicit, image="connector")


def secrets(connection: Connection) -> list[str]:
    """Names in ``${secret:NAME}`` of a connection's configuration."""
    return sorted(set(SECRET.findall(str(connection.source.config))))


def declared(folder: Path = ROOT / "connections") -> dict[str, Connection]:
    """Every connection of this checkout."""
    return connections.load(folder)


@cache
def workflow() -> str:
    """The source of the workflow ``refresh``."""
    return (ROOT / "workflows/refresh.workflows.yaml").read_text()


def workflow_variables() -> set[str]:
    """Variables that the workflow reads and Terraform has to give."""
    return set(re.findall(r'sys\.get_env\("(\w+)"\)', workflow())) - BY_WORKFLOWS


def workflow_jobs() -> set[str]:
    """Cloud Run jobs that the workflow starts."""
    return set(re.findall(r'\$\{jobs \+ "([\w-]+)"\}', workflow()))


def image_variables(target: str) -> dict[str, str]:
    """``ENV`` of a target of the Dockerfile and of the stages it is made from."""
    stages: dict[str, dict[str, str]] = {}
    stage: dict[str, str] = {}
    for line in re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text()).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stage = stages[name.strip()] = dict(stages.get(base.strip(), {}))
        elif word == "ENV":
            stage |= dict(pair.split("=", 1) for pair in rest.split())
    return stages[target]


def loaded_by(room: str) -> set[str]:
    """Names of the settings classes whose ``load`` the files of a room call."""
    names = set()
    for path in (ROOT / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(attr="load", value=ast.Name(id=name))) if name.endswith("Settings"):
                    names.add(name)
    return names


def faults(needed: Set[str], given: Set[str]) -> list[str]:
    """What is missing in ``given``, and what in it nothing reads."""
    missing = [f"{name} is read and not given" for name in sorted(needed - given)]
    return missing + [f"{name} is given and not read" for name in sorted(given - needed)]
