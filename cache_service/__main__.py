"""``python -m cache_service --port 18088``: the service on one address, until SIGINT or SIGTERM."""

import argparse
import os
import signal
import sys

import pyarrow as pa
import structlog

from biaac import logs
from biaac.clients import storage_client
from biaac.errors import BiaacError, PermanentError
from cache_service.catalogue import Catalogue
from cache_service.engine import Engine
from cache_service.pool import Pool
from cache_service.server import Server
from cache_service.settings import ServiceSettings
from cache_service.store import Store
from cache_service.wire import Limits

log = structlog.get_logger()


def start(settings: ServiceSettings, port: int) -> tuple[Server, Pool]:
    """A server that listens. Workers start beside it; no table and no release is waited for."""
    client = storage_client(settings)
    lake, ops = client.bucket(settings.lake_bucket), client.bucket(settings.ops_bucket)
    limits = Limits(
        memory=settings.worker_mib << 20,
        cpu_seconds=settings.query_cpu_seconds,
        rows=settings.answer_rows,
        answer_bytes=settings.answer_mib << 20,
        partitions=os.cpu_count() or 1,  # latency before throughput: one person waits for one chart
    )
    pool = Pool(settings, limits)
    store = Store(lake, settings.directory, settings.disk_mib << 20)
    engine = Engine(settings, Catalogue(lake, settings.environment), store, pool, ops)
    try:
        return Server(f"grpc://{settings.host}:{port}", engine), pool
    except pa.ArrowException as error:  # all that pyarrow says, whatever the reason
        pool.close()
        message = f"cannot listen on {settings.host}:{port}: {error}"
        raise PermanentError(message, hint=f"is port {port} in use? ss -ltnp | grep {port}") from None


def main() -> int:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m cache_service", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    logs.configure()
    try:
        settings = ServiceSettings.load()
        server, pool = start(settings, port)
    except BiaacError as error:
        logs.log_error(error)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: server.shutdown())
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would ignore it
    log.info("listening", address=f"{settings.host}:{server.port}", environment=settings.environment)
    try:
        server.serve()
    except KeyboardInterrupt:
        log.info("stopped by Ctrl-C")
    finally:
        pool.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
