"""A workload's surroundings: a metadata server, the way out, and the services behind the host names of the cloud."""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from biaac.settings import ROOT
from tests.component.cloud.internet import Authority, Internet
from tests.component.cloud.servers import Asked, FlightCache, GoogleApis, HttpServer
from tests.metadata_server import MetadataServer

# Hosts as Cloud Run gives them: https://SERVICE-NUMBER.REGION.run.app
CACHE = "cache-123456789012.europe-west1.run.app"
INGESTION = "ingestion-123456789012.europe-west1.run.app"
SYNC = "sync-123456789012.europe-west1.run.app"
GOOGLE = ("run.googleapis.com", "workflowexecutions.googleapis.com", "cloudscheduler.googleapis.com")


@dataclass
class Cloud:
    """What a process that is started here believes to be the world."""

    internet: Internet
    metadata: MetadataServer
    google: GoogleApis
    web: HttpServer
    cache: FlightCache
    variables: dict[str, str] = field(default_factory=dict)  # of every process

    def run(self, *command: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """A Python process of a workload: ``run("-m", "cli", ...)``."""
        return subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env=self.variables,
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def do(self, program: str) -> str:
        """Run a few lines of Python; what they print."""
        done = self.run("-c", program)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def all_by_the_workload(self, calls: Iterable[Asked]) -> bool:
        """Whether there were calls, and each bore an access token of the workload's."""
        tokens = {f"Bearer {token}" for token in self.metadata.given}
        found = [call.authorization in tokens for call in calls]
        return bool(found) and all(found)


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    """Nothing here is a stand-in's address: the variables are those that Terraform gives."""
    authority = Authority(tmp_path)
    internet = Internet(authority)
    metadata, google, web = MetadataServer(), GoogleApis(), HttpServer()
    with FlightCache() as cache:
        for host in GOOGLE:
            internet.serve(host, google.port, protocol="h2")
        for host in ("storage.googleapis.com", "api.airbyte.com", INGESTION, SYNC):
            internet.serve(host, web.port, protocol="http/1.1")
        internet.serve(CACHE, cache.port, protocol="h2")
        cloud = Cloud(internet, metadata, google, web, cache)
        cloud.variables = {
            **{name: os.environ[name] for name in ("PATH",) if name in os.environ},
            "PYTHONPATH": str(ROOT),
            "HOME": str(tmp_path),  # nobody's own credentials
            "GOOGLE_CLOUD_PROJECT": "acme-analytics",
            "GOOGLE_CLOUD_LOCATION": "europe-west1",
            "BIAAC_ENVIRONMENT": "prod",
            "BRONZE_BUCKET": "acme-analytics-bronze",
            "LAKE_BUCKET": "acme-analytics-lake",
            "OPS_BUCKET": "acme-analytics-ops",
            "COMPANY_DIR": str(ROOT / "tests/company"),
            # what the machine of a workload has
            "GCE_METADATA_HOST": metadata.address,
            "GCE_METADATA_IP": metadata.address,
            # and what stands between this test and the internet
            "https_proxy": internet.url,
            "HTTPS_PROXY": internet.url,
            "no_proxy": "127.0.0.1",
            "NO_PROXY": "127.0.0.1",
            "SSL_CERT_FILE": str(authority.file),  # Go and httpx
            "REQUESTS_CA_BUNDLE": str(authority.file),
            "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(authority.file),
        }
        yield cloud
    for server in (metadata, web):
        server.shutdown()
        server.server_close()
    google.server.stop(None)
    internet.close()
