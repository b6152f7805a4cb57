"""The schemas of the providers that ``terraform/`` uses, read once for each state of the lock and of the code here.

Reading takes about 10 s. What was read is kept as a pickle of our own. Safe to interrupt and to run again.
"""

import hashlib
import os
import pickle
import site
from pathlib import Path

from tests.infrastructure.offline import generated, newer
from tests.infrastructure.offline.schema import Attribute, Block, Schema

HERE = Path(__file__).parent
KEPT = HERE.parents[2] / ".biaac/infrastructure"
# What is served of google: types that begin with one of these. All 1,096 would cost every terraform command seconds.
SERVED = (
    "artifact_registry_",
    "billing_",
    "cloud_run_v2_",
    "cloud_scheduler_",
    "cloudbuild",
    "cloudfunctions2_",
    "eventarc_trigger",
    "iap_web_cloud_run_service_",
    "logging_",
    "monitoring_",
    "project",
    "pubsub_",
    "secret_manager_",
    "service_account",
    "sql_",
    "storage_",
    "workflows_",
)
# All that is taken from google-beta, and its arguments and results: what else is taken is to be a decision.
FROM_BETA = {
    "google_project_service_identity": Block(
        {
            "service": Attribute("string", required=True),
            "project": Attribute("string", optional=True, computed=True),
            **{name: Attribute("string", computed=True) for name in ("id", "email", "member")},
        }
    )
}
SETTINGS = Block(
    {
        "project": Attribute("string", optional=True),
        "region": Attribute("string", optional=True),
        "user_project_override": Attribute("bool", optional=True),
        "billing_project": Attribute("string", optional=True),
        "default_labels": Attribute(["map", "string"], optional=True),
    }
)
PASSWORD = Block(
    {
        "length": Attribute("number", required=True),
        "special": Attribute("bool", optional=True, computed=True),
        "result": Attribute("string", computed=True, sensitive=True),
    }
)

SLEEP = Block(
    {
        "create_duration": Attribute("string", optional=True),
        "triggers": Attribute(["map", "string"], optional=True),
        "id": Attribute("string", computed=True),
    }
)


def load() -> list[Schema]:
    """Every schema, as it was kept or read now."""
    digest = hashlib.sha256((HERE.parent / "uv.lock").read_bytes())
    for module in ("generated", "newer", "schema", "schemas"):
        digest.update((HERE / f"{module}.py").read_bytes())
    kept = KEPT / f"{digest.hexdigest()[:16]}.pickle"
    if not kept.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        for old in KEPT.glob("*.pickle"):
            old.unlink(missing_ok=True)
        part = kept.with_suffix(f".{os.getpid()}")  # two test runs may begin at once
        part.write_bytes(pickle.dumps(read()))
        part.rename(kept)
    schemas: list[Schema] = pickle.loads(kept.read_bytes())  # noqa: S301
    return schemas


def read() -> list[Schema]:
    packages = Path(site.getsitepackages()[0])
    resources, data_sources = (
        {name: block for name, block in blocks.items() if is_served(name)}
        for blocks in generated.read(packages / "cdktf_cdktf_provider_google")
    )
    newer.lift(resources)
    google = Schema("google", SETTINGS, resources, data_sources)
    beta = Schema("google-beta", SETTINGS, FROM_BETA)
    random = Schema("random", Block(), ephemeral={"random_password": PASSWORD})
    time = Schema("time", Block(), resources={"time_sleep": SLEEP})
    return [google, beta, random, time]


def is_served(kind: str) -> bool:
    return kind.removeprefix("google_").startswith(SERVED)
