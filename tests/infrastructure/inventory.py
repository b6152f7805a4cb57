"""What the code reads and says about its surroundings, taken from the code itself: the one side of "laptop = cloud".

The other side is a plan of ``terraform/``; ``test_laptop_is_cloud.py`` lays them side by side.
"""

import ast
import importlib.util
import re
from collections.abc import Set
from dataclasses import dataclass
from functools import cache
from types import ModuleType

import biaac.settings
import cli.settings
import ingestion.settings
import transform.settings
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

    @property
    def needed(self) -> frozenset[str]:
        """What it cannot start without, and what it must not leave to a laptop's default."""
        without_default = {name for kind in self.settings for name, default in variables(kind).items() if not default}
        return frozenset(without_default - BY_CLOUD_RUN) | self.explicit


def variables(kind: type[Settings]) -> dict[str, bool]:
    return {str(field.alias): not field.is_required() for field in kind.model_fields.values()}


def _workload(room: str, *kinds: type[Settings], explicit: str = "") -> Workload:
    return Workload(room, kinds, frozenset({"BIAAC_ENVIRONMENT", *explicit.split()}))


AIRBYTE = biaac.settings.AirbyteSettings
SUPERSET_EXPLICIT = "SUPERSET_DATABASE_URL SUPERSET_SECRET_KEY"

# As Cloud Functions and Cloud Run call them.
WORKLOADS = {
    "sync": _workload("functions", FUNCTIONS.Settings, AIRBYTE),
    "bronze-finalized": _workload("functions", FUNCTIONS.Settings, AIRBYTE, explicit="WORKFLOW"),
    "sweep": _workload("functions", FUNCTIONS.Settings, AIRBYTE, explicit="WORKFLOW"),
    "warm-cache": _workload("functions", FUNCTIONS.Settings, FUNCTIONS.CacheSettings),
    "promote": _workload("functions", FUNCTIONS.Settings),
    "transform": _workload("transform", transform.settings.JobSettings, explicit="REVISION"),
    "cache": _workload(
        "cache_service",
        CacheServiceSettings,
        explicit="CACHE_HOST CACHE_DISK_MIB CACHE_RESULT_MIB CACHE_WORKERS CACHE_WORKER_MIB",
    ),
    "ingestion": _workload("ingestion", ingestion.settings.Settings),
    "superset": _workload("superset", SUPERSET.SupersetSettings, explicit=f"{SUPERSET_EXPLICIT} SUPERSET_PORT"),
    "superset-apply": _workload("superset", SUPERSET.SupersetSettings, explicit=SUPERSET_EXPLICIT),
    "superset-refresh": _workload("superset", SUPERSET.SupersetSettings, explicit=SUPERSET_EXPLICIT),
    "superset-bootstrap": _workload(
        "superset", SUPERSET.SupersetSettings, explicit=f"{SUPERSET_EXPLICIT} SUPERSET_ADMIN_PASSWORD"
    ),
}
COMMAND = _workload("cli", cli.settings.Settings, explicit="WORKFLOW")


@cache
def workflow() -> str:
    return (ROOT / "workflows/refresh.workflows.yaml").read_text()


def workflow_variables() -> set[str]:
    """Variables that the workflow reads and Terraform has to give."""
    return set(re.findall(r'sys\.get_env\("(\w+)"\)', workflow())) - BY_WORKFLOWS


def workflow_jobs() -> set[str]:
    return set(re.findall(r'\$\{jobs \+ "([\w-]+)"\}', workflow()))


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
