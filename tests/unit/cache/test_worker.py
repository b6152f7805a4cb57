"""A worker starts from as little as it can."""

import subprocess
import sys

from biaac.settings import ROOT

LOADED = "import sys, cache_service.worker; print(*({name.split('.')[0] for name in sys.modules} & set(sys.argv[1:])))"


def test_a_worker_loads_no_client_and_no_settings() -> None:
    heavy = ("grpc", "pydantic", "requests", "structlog")  # Google's clients bring grpc and requests
    done = subprocess.run([sys.executable, "-c", LOADED, *heavy], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
