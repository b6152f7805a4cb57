"""The laptop's plan: addresses, variables, services and jobs, as plain values. The supervisor carries it out."""

import functools
import os
import subprocess
from dataclasses import dataclass

from biaac import connections
from biaac.settings import ROOT

HOME = ROOT / ".biaac"  # everything made here: environments, data, logs; nothing of it is committed
ENVIRONMENTS = HOME / "envs"
DATA = HOME / "state"  # what a second start goes on from
LOGS = HOME / "logs"  # one file per service, one per job
STACK = "BIAAC_STACK"  # marks every process of a stack, so that one whose supervisor was killed is found again


@functools.cache
def revision() -> str:
    """The git revision of this checkout, marked when files differ from it; "unversioned" outside git."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "unversioned"


@dataclass(frozen=True)
class Service:
    """One process of the stack: its command, the port it owns, and how it shows that it is ready."""

    name: str
    command: list[str]
    port: int
    health: str | None = None  # a path that answers 200 when ready; None: the port accepting connections is enough


@dataclass(frozen=True)
class Laptop:
    """The stack of this checkout. Two checkouts with different ports do not meet."""

    port_base: int
    superset_port: int
    tick: int | None  # seconds between two firings of each schedule; None: the cron of the connection file

    def port(self, service: str) -> int:
        """The port of a service; docs and the README name the defaults."""
        if service == "superset":
            return self.superset_port
        order = ["storage", "eventarc", "workflows", "run", "scheduler", "airbyte", "functions", "cache"]
        return self.port_base + 1 + order.index(service)

    def address(self, service: str) -> str:
        """``127.0.0.1:port``: everything listens on loopback only."""
        return f"127.0.0.1:{self.port(service)}"

    def function(self, entry_point: str) -> str:
        """Where a function answers: here one process serves all of them, in the cloud each has an address."""
        return f"http://{self.address('functions')}/{entry_point}"

    def variables(self) -> dict[str, str]:
        """What every process is given: the variables of ``biaac.settings`` and of each room's own settings."""
        return {
            "GOOGLE_CLOUD_PROJECT": "laptop",
            "GOOGLE_CLOUD_LOCATION": "local",
            "BIAAC_ENVIRONMENT": "prod",
            "BRONZE_BUCKET": "bronze",
            "LAKE_BUCKET": "lake",
            "OPS_BUCKET": "ops",
            "LAKE_DATA_DIR": f"{DATA}/lake",
            "AIRBYTE_URL": f"http://{self.address('airbyte')}/api/public/v1",
            "SYNC_URL": self.function("sync"),
            "SWEEP_URL": self.function("sweep"),
            "CACHE_URL": f"grpc://{self.address('cache')}",
            "SUPERSET_URL": f"http://{self.address('superset')}",
            "SUPERSET_PORT": str(self.superset_port),
            "REVISION": revision(),
            "COMPANY_DIR": str(ROOT),
            "STORAGE_EMULATOR_HOST": f"http://{self.address('storage')}",
            "WORKFLOWS_EMULATOR_HOST": self.address("workflows"),
            "RUN_EMULATOR_HOST": f"http://{self.address('run')}",
            "SCHEDULER_EMULATOR_HOST": f"http://{self.address('scheduler')}",
        }

    def python(self, environment: str) -> str:
        """The Python of one of the environments that ``make`` built."""
        return str(ENVIRONMENTS / environment / "bin/python")

    def services(self) -> list[Service]:
        """Every process of the stack, in the order of their start."""
        every = [] if self.tick is None else [f"--every={self.tick}"]
        return [
            self._stand_in("eventarc", "--trigger", f"bucket=bronze,url={self.function('bronze_finalized')}"),
            self._python(
                *("storage", "laptop", "stand_ins.storage", f"--root={DATA}/storage", "--buckets=bronze,lake,ops"),
                f"--publish-to={self.address('eventarc')}",
                health="/_internal/healthcheck",
            ),
            self._stand_in("run", f"--logs={LOGS}", f"--jobs={DATA}/jobs.yaml", module="run_jobs", health="/healthz"),
            self._stand_in(
                "workflows",
                *(f"--source={ROOT}/workflows/refresh.workflows.yaml", "--project=laptop", "--location=local"),
                f"--set=WARM_CACHE_URL={self.function('warm_cache')}",
                f"--set=PROMOTE_URL={self.function('promote')}",
                f"--set=RUN_EMULATOR_HOST=http://{self.address('run')}",
            ),
            self._gunicorn("airbyte", "ingestion", "ingestion.api:app", "--threads=8", health="/api/public/v1/health"),
            # a finalize event may watch its sync for 60 s inside its request
            self._gunicorn("functions", "functions", "laptop.functions:app", "--threads=16", "--timeout=120"),
            self._python("cache", "cache", "cache_service"),
            self._gunicorn(
                "superset", "superset", "superset.app:create_app()", "-c", "superset/gunicorn_conf.py", health="/health"
            ),
            self._stand_in("scheduler", *every, health="/healthz"),
        ]

    def _stand_in(self, name: str, *arguments: str, module: str | None = None, health: str | None = None) -> Service:
        module = f"stand_ins.{module or name}"
        return self._python(name, "laptop", module, f"--state={DATA}/{name}", *arguments, health=health)

    def _python(self, name: str, environment: str, module: str, *arguments: str, health: str | None = None) -> Service:
        command = [self.python(environment), "-m", module, f"--port={self.port(name)}", *arguments]
        return Service(name, command, self.port(name), health)

    def _gunicorn(self, name: str, environment: str, app: str, *arguments: str, health: str | None = None) -> Service:
        """A web service; gunicorn's control socket has one path for all servers of a user, so none has one."""
        options = [f"--bind={self.address(name)}", "--no-control-socket", *arguments]
        return Service(name, [self.python(environment), "-m", "gunicorn", *options, app], self.port(name), health)

    def jobs(self) -> dict[str, dict[str, object]]:
        """Cloud Run jobs by name: the image becomes an environment of this machine."""
        superset, ingestion = self.python("superset"), self.python("ingestion")
        jobs: dict[str, dict[str, object]] = {
            "transform": {"command": [self.python("transform"), "-m", "transform.job"], "timeout_s": 21600},
            "superset-apply": {"command": [superset, "superset/apply.py"], "timeout_s": 900},
            "superset-refresh": {"command": [superset, "superset/refresh.py"], "timeout_s": 900},
        }
        for name in connections.load(ROOT / "connections"):
            command = [ingestion, "-m", "ingestion.sync", "--connection", name]
            jobs[connections.sync_job(name)] = {"command": command, "timeout_s": 3600}
        return jobs

    def environment(self) -> dict[str, str]:
        """The variables of a child: ours, over those of this process that a program needs to run at all."""
        kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TERM", "TMPDIR"}}
        ours = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", STACK: str(ROOT)}
        return {**kept, **self.variables(), **ours}
