"""What the build gives Terraform: images by digest, the functions' archive, the revision (``inputs.tfvars.json``)."""

import json
import re
from typing import Any

from biaac import connections
from biaac.errors import PermanentError
from deploy.settings import DeploySettings

FILE = "inputs.tfvars.json"
IMAGES = "images.txt"  # of bin/push-images: a name and a digest a line
DIGEST = re.compile(r"\S+@sha256:[0-9a-f]{64}")
CONTAINERS = ("cache", "ingestion", "superset", "transform")


def write(settings: DeploySettings) -> dict[str, Any]:
    """Write the file for this build. A pull request pushes no images: its plan keeps those of the state."""
    pushed = settings.folder / IMAGES
    value: dict[str, Any] = {
        "functions_source": str((settings.folder / "functions.zip").resolve()),
        "revision": settings.revision or "unversioned",
    }
    if pushed.exists():
        value["images"] = _images(settings, pushed.read_text())
    (settings.folder / FILE).write_text(json.dumps(value, indent=2) + "\n")
    return value


def read(settings: DeploySettings) -> dict[str, Any]:
    """The file as written."""
    value: dict[str, Any] = json.loads((settings.folder / FILE).read_text())
    return value


def _images(settings: DeploySettings, text: str) -> dict[str, Any]:
    """Image of each container, and of each connection by its connector."""
    pushed = dict(line.split(" ", 1) for line in text.splitlines())
    connectors = {
        name: c.source.program.replace("source-", "connector-", 1)  # as bin/build-images names it
        for name, c in connections.load(settings.connections).items()
    }
    faults = [f"{name} is {image!r}" for name, image in pushed.items() if not DIGEST.fullmatch(image)]
    faults += [f"{name} is missing" for name in sorted({*CONTAINERS, *connectors.values()} - pushed.keys())]
    if faults:
        raise PermanentError(
            f"{settings.folder / IMAGES}: {'; '.join(faults)}", hint="bin/build-images, bin/push-images"
        )
    containers: dict[str, Any] = {name: pushed[name] for name in CONTAINERS}
    return {**containers, "connections": {name: pushed[image] for name, image in connectors.items()}}
