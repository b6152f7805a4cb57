"""Weight and start-up of the images, written to docs/benchmarks/images.md: ``python -m tests.benchmark.images``.

No container engine: the environments of a laptop are built from the same locks, and each is started by the ENTRYPOINT
of its image.
"""

import gzip
import json
import os
import platform
import re
import statistics
import subprocess
import tarfile
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
from pyarrow import flight

from biaac.settings import ROOT
from laptop.plan import revision
from tests.conftest import free_port, wait_for

PAGE = ROOT / "docs/benchmarks/images.md"
STARTS = 5
BASE_MB = 48  # compressed, linux/amd64; github.com/docker-library/repo-info, python:3.11-slim-bookworm, August 2026
IMAGES = ("transform", "cache", "ingestion", "superset")
NOWHERE = "http://127.0.0.1:1"
CLOUD = {
    "GOOGLE_CLOUD_PROJECT": "laptop",
    "GOOGLE_CLOUD_LOCATION": "local",
    "BRONZE_BUCKET": "bronze",
    "LAKE_BUCKET": "lake",
    "OPS_BUCKET": "ops",
    "STORAGE_EMULATOR_HOST": NOWHERE,
    "AIRBYTE_URL": f"{NOWHERE}/api/public/v1",
    "CACHE_URL": "grpc://127.0.0.1:1",
    "SUPERSET_URL": NOWHERE,
    "SUPERSET_SECRET_KEY": "k" * 42,
    "SUPERSET_DATABASE_URL": "sqlite://",
    "PYTHONPATH": str(ROOT),
}


def entrypoint(image: str) -> list[str]:
    """The command of a target of the Dockerfile."""
    stages = re.split(r"^FROM .* AS ", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    (stage,) = (text for text in stages if text.startswith(f"{image}\n"))
    (command,) = re.findall(r"^ENTRYPOINT (.*)$", stage, re.MULTILINE)
    words: list[str] = json.loads(command)
    return words


def answers(image: str, port: int) -> bool:
    """Whether a server answers; the cache needs no storage to list what it can do."""
    if image == "cache":
        try:
            with flight.connect(f"grpc://127.0.0.1:{port}") as client:
                return bool(client.list_actions())
        except flight.FlightUnavailableError:
            return False
    path = "/health" if image == "superset" else "/api/public/v1/health"
    return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=60).is_success


def start(image: str, environment: Path) -> float:
    """Seconds until a server answers, or a job has printed its help."""
    port = free_port()
    program, *arguments = (word.replace("8080", str(port)) for word in entrypoint(image))
    command = [str(environment / "bin" / program), *arguments]
    begin = time.perf_counter()
    if str(port) not in " ".join(command):
        subprocess.run([*command, "--help"], cwd=ROOT, env={**os.environ, **CLOUD}, capture_output=True, check=True)
        return time.perf_counter() - begin
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **CLOUD}, stdout=log, stderr=log)
        try:
            wait_for(lambda: answers(image, port), seconds=240, what=f"{image} answers")
            return time.perf_counter() - begin
        finally:
            process.terminate()
            process.wait()


def compressed_mb(folder: Path) -> float:
    """As a registry holds a layer: a tar, gzipped."""
    with tempfile.TemporaryFile() as target:
        packed = gzip.GzipFile(fileobj=target, mode="wb", compresslevel=6)
        with packed, tarfile.open(fileobj=packed, mode="w|") as archive:
            archive.add(folder, "/")
        return target.tell() / 1e6


def row(image: str) -> str:
    """One line of the table."""
    environment = ROOT / ".biaac/envs" / image
    size_mb = sum(file.lstat().st_size for file in environment.rglob("*") if file.is_file()) / 1e6
    seconds = [start(image, environment) for _ in range(STARTS)]
    times = f"{statistics.median(seconds):.1f} ({seconds[0]:.1f}, {max(seconds):.1f})"
    return f"| {image} | {size_mb:.0f} | {compressed_mb(environment):.0f} | {times} |"


def main() -> None:
    """Measure all, write the page."""
    lines = [
        "# Images: sizes and start-up times",
        "",
        f"Made by `python -m tests.benchmark.images` ({platform.machine()}, {os.cpu_count()} cores,",
        f"{datetime.now(UTC):%Y-%m-%d}, revision {revision()}), without a container engine: the environments are built",
        f"from the committed lock, as in the images. The base comes on top of each ({BASE_MB} MB compressed), and a",
        "registry holds it once. A connector's image is that of ingestion with the connector's own environment.",
        "",
        f"| image | environment, MB | compressed, MB | first answer, s (median of {STARTS}; first, worst) |",
        "|---|---|---|---|",
        *map(row, IMAGES),
    ]
    PAGE.write_text("\n".join([*lines, ""]))
    print(PAGE.read_text())


if __name__ == "__main__":
    main()
