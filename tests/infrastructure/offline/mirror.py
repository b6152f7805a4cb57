"""Builds what ``terraform init`` installs from: a filesystem mirror of stand-in providers, and the CLI configuration.

    python -m tests.infrastructure.offline.mirror HOME     (in the environment `infrastructure`)

Done once for each state of the lock and of the code below: about 20 s. Safe to interrupt and to run again.
"""

import fcntl
import hashlib
import platform
import shlex
import shutil
import site
import sys
from pathlib import Path

import msgpack

from tests.infrastructure.offline import generated, newer, wire
from tests.infrastructure.offline.schema import Attribute, Block, Schema

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
# What is served of google: types that begin with one of these. All 1,096 would cost every terraform command seconds.
SERVED = (
    "artifact_registry_",
    "billing_",
    "cloud_run_v2_",
    "cloud_scheduler_",
    "cloudbuild",
    "cloudfunctions2_",
    "compute_firewall",
    "compute_global_address",
    "compute_network",
    "compute_subnetwork",
    "eventarc_trigger",
    "iap_web_cloud_run_service_",
    "kms_crypto_key",
    "kms_key_ring",
    "logging_",
    "monitoring_",
    "project",
    "pubsub_",
    "secret_manager_",
    "service_account",
    "service_networking_",
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
CLI_CONFIGURATION = """# Made by tests/infrastructure/offline/mirror.py: stand-ins, not the real providers.
provider_installation {{
  filesystem_mirror {{
    path = "{mirror}"
  }}
}}
disable_checkpoint = true
"""


def key() -> str:
    """Names what a mirror is made of: the lock, and the code that makes it (the launchers run the rest from here)."""
    digest = hashlib.sha256((HERE.parent / "uv.lock").read_bytes())
    for module in ("generated", "newer", "schema", "wire", "mirror"):
        digest.update((HERE / f"{module}.py").read_bytes())
    return digest.hexdigest()[:16]


def build(home: Path) -> Path:
    """The CLI configuration of a mirror in ``home``; made now unless this very one is already there."""
    folder = home / key()
    configuration = folder / "terraform.rc"
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test runs may begin at once
        if not configuration.exists():
            for old in home.glob("*/"):
                shutil.rmtree(old)
            for schema in schemas():
                install(schema, folder / "mirror")
            configuration.write_text(CLI_CONFIGURATION.format(mirror=folder / "mirror"))
    return configuration


def schemas() -> list[Schema]:
    """The providers that ``terraform/`` uses."""
    packages = Path(site.getsitepackages()[0])
    resources, data_sources = (
        {name: block for name, block in blocks.items() if is_served(name)}
        for blocks in generated.read(packages / "cdktf_cdktf_provider_google")
    )
    newer.lift(resources)
    google = Schema("google", newer.VERSION, SETTINGS, resources, data_sources)
    beta = Schema("google-beta", newer.VERSION, SETTINGS, FROM_BETA)
    random = Schema("random", "3.7.2", Block(), ephemeral={"random_password": PASSWORD})
    return [google, beta, random]


def is_served(kind: str) -> bool:
    """Whether a type belongs to a service this project uses."""
    return kind.removeprefix("google_").startswith(SERVED)


def install(schema: Schema, mirror: Path) -> None:
    """Write one provider where terraform looks for it: a launcher, and the schema it serves."""
    machine = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()]
    version = f"{platform.system().lower()}_{machine}"
    folder = mirror / "registry.terraform.io/hashicorp" / schema.name / schema.version / version
    folder.mkdir(parents=True)
    (folder / "schema.bin").write_bytes(wire.schema_response(schema))
    packed = {
        "resources": wire.pack_blocks(schema.resources),
        "data_sources": wire.pack_blocks(schema.data_sources),
        "ephemeral": wire.pack_blocks(schema.ephemeral),
    }
    (folder / "blocks.bin").write_bytes(msgpack.packb(packed))
    launcher = folder / f"terraform-provider-{schema.name}_v{schema.version}"
    command = shlex.join([sys.executable, "-m", "tests.infrastructure.offline.plugin", str(folder)])
    launcher.write_text(f"#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {command}\n")
    launcher.chmod(0o755)


if __name__ == "__main__":
    print(build(Path(sys.argv[1]).resolve()))
