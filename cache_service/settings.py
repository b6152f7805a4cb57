"""Configuration of the cache service, read once in ``__main__``."""

import os
from pathlib import Path

from pydantic import Field

from biaac.settings import ROOT, Settings


class ServiceSettings(Settings):
    """What the service itself reads; who asks it needs its address alone."""

    host: str = Field("127.0.0.1", alias="CACHE_HOST", description="Address to bind; 0.0.0.0 in a container.")
    directory: Path = Field(
        ROOT / ".biaac/state/cache", alias="CACHE_DIRECTORY", description="Decoded tables; may be deleted any time."
    )
    # Disk on Cloud Run is memory; least recently used tables leave first, those of the current release never.
    disk_mib: int = Field(2048, alias="CACHE_DISK_MIB", ge=1)
    result_mib: int = Field(128, alias="CACHE_RESULT_MIB", ge=1, description="Memory for cached answers.")

    # Two runaway queries must leave one worker to the others; a further one stands by to replace one that is killed.
    workers: int = Field(3, alias="CACHE_WORKERS", ge=1, description="Queries that run at once.")
    worker_mib: int = Field(1024, alias="CACHE_WORKER_MIB", ge=256, description="Private memory of one worker.")
    # Together under the 60 s at which Superset gives up, so that people read our reason and not its time-out.
    query_seconds: float = Field(45, alias="CACHE_QUERY_SECONDS", gt=0, description="Wall time of one query.")
    # Time on a core says "slow", not wall time: a good query starved by others is not at fault.
    query_cpu_seconds: int = Field(30, alias="CACHE_QUERY_CPU_SECONDS", ge=1)
    queue_seconds: float = Field(10, alias="CACHE_QUEUE_SECONDS", gt=0, description="Wait for a free worker.")
    # A chart's IN list of ten thousand values is about 100 KiB.
    statement_kib: int = Field(256, alias="CACHE_STATEMENT_KIB", ge=1)
    answer_rows: int = Field(1_000_000, alias="CACHE_ANSWER_ROWS", ge=1)
    answer_mib: int = Field(128, alias="CACHE_ANSWER_MIB", ge=1)

    @staticmethod
    def worker_environment() -> dict[str, str]:
        """What a worker needs to start: no address and no credential is among it."""
        names = ("PATH", "PYTHONPATH", "LANG", "LD_LIBRARY_PATH")
        return {name: os.environ[name] for name in names if name in os.environ}
