"""Sizes and start-up times of the images, written to docs/benchmarks/images.md: ``python -m tests.benchmark.images``.

Built without a container engine, as tests/component/images does, from the lock and with bytecode; so the numbers are
of the environment and the files, which is all that differs between the images, and not of the base below them.
"""

import gzip
import os
import platform
import statistics
import subprocess
import tarfile
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
from pyarrow import flight

from biaac.settings import ROOT
from laptop.plan import revision
from tests.component.images.conftest import Container
from tests.component.images.dockerfile import Builder, Image

PAGE = ROOT / "docs/benchmarks/images.md"
STARTS = 5
BASE_MB = 48  # compressed, linux/amd64; github.com/docker-library/repo-info, python:3.11-slim-bookworm, August 2026
CLOUD = {
    "GOOGLE_CLOUD_PROJECT": "laptop",
    "GOOGLE_CLOUD_LOCATION": "local",
    "BRONZE_BUCKET": "bronze",
    "LAKE_BUCKET": "lake",
    "OPS_BUCKET": "ops",
    "STORAGE_EMULATOR_HOST": "http://127.0.0.1:1",
    "AIRBYTE_URL": "http://127.0.0.1:1/api/public/v1",
    "CACHE_URL": "grpc://127.0.0.1:1",
    "SUPERSET_URL": "http://127.0.0.1:1",
    "SUPERSET_SECRET_KEY": "k" * 42,
    "SUPERSET_DATABASE_URL": "sqlite://",
}


@dataclass(frozen=True)
class Measured:
    """One image: megabytes on disk and compressed as it is pulled, seconds from its start to its first answer."""

    name: str
    environment_mb: float
    files_mb: float
    compressed_mb: float
    answer: str
    seconds: list[float]


def answers(container: Container) -> bool:
    """Whether the cache tells what it can do, or a web server that it is healthy."""
    if not container.listens:
        return False
    address = f"127.0.0.1:{container.port}"
    if "cache_service" in container.process.args:
        with flight.connect(f"grpc://{address}") as client:
            return bool(client.list_actions())  # needs no storage
    path = "/health" if any("superset" in word for word in container.process.args) else "/api/public/v1/health"
    return httpx.get(f"http://{address}{path}", timeout=60).is_success


def start(builder: Builder, image: Image) -> float:
    """Seconds until a server answers, or a job has told what it can do."""
    begin = time.perf_counter()
    if image.port is None:
        code, output = Container(builder, image, [*image.entrypoint, "--help"], CLOUD).end()
        assert code == 0, output
        return time.perf_counter() - begin
    container = Container(builder, image, image.entrypoint, CLOUD)
    try:
        while not answers(container):
            time.sleep(0.01)  # a poll of a fact; ``listens`` fails when the process is gone
        return time.perf_counter() - begin
    finally:
        container.process.kill()
        container.process.wait()


def megabytes(*folders: Path) -> float:
    """What files take, each counted once."""
    return sum(file.lstat().st_size for folder in folders for file in folder.rglob("*") if file.is_file()) / 1e6


def compressed(folder: Path) -> float:
    """As a registry holds a layer: a tar, gzipped."""
    with tempfile.TemporaryFile() as target:
        packed = gzip.GzipFile(fileobj=target, mode="wb", compresslevel=6)
        with packed, tarfile.open(fileobj=packed, mode="w|") as archive:
            archive.add(folder, "/")
        return target.tell() / 1e6


def measure(builder: Builder, name: str) -> Measured:
    """Build one image, weigh it, start it."""
    image = builder.build(name)
    fs = builder.fs
    seconds = [start(builder, image) for _ in range(STARTS)]
    return Measured(
        name=name,
        environment_mb=megabytes(fs / "opt"),
        files_mb=megabytes(fs / "app"),
        compressed_mb=sum(compressed(fs / part) for part in ("opt", "app")),
        answer="--help" if image.port is None else "health check",
        seconds=seconds,
    )


def page(rows: list[Measured]) -> str:
    """The page, whole."""
    lines = [
        "# Images: sizes and start-up times",
        "",
        f"Made by `python -m tests.benchmark.images` ({platform.machine()}, {os.cpu_count()} cores,",
        f"{datetime.now(UTC):%Y-%m-%d}, revision {revision()}), without a container engine: each environment was built",
        "from the committed lock as the Dockerfile says, bytecode compiled. The base comes on top of each",
        f"({BASE_MB} MB compressed), and a registry holds it once.",
        "",
        "| image | environment, MB | our files, MB | compressed, MB | first answer, s (median of "
        f"{STARTS}; first, worst) | asked |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        times = f"{statistics.median(row.seconds):.1f} ({row.seconds[0]:.1f}, {max(row.seconds):.1f})"
        sizes = f"{row.environment_mb:.0f} | {row.files_mb:.1f} | {row.compressed_mb:.0f}"
        lines.append(f"| {row.name} | {sizes} | {times} | {row.answer} |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure all, write the page."""
    with tempfile.TemporaryDirectory() as folder:
        builder = Builder(ROOT, Path(folder))
        rows = []
        for name in ("cache", "transform", "ingestion", "connector", "superset"):
            rows.append(measure(builder, name))
            print(rows[-1], flush=True)
    PAGE.write_text(page(rows))
    subprocess.run(["cat", str(PAGE)], check=True)


if __name__ == "__main__":
    main()
