"""The pipeline's numbers, written to docs/benchmarks/pipeline.md: ``make bench``.

A fresh clone with nothing built, started with `make run` until a real browser has drawn the dashboard; stopped and
started again; then ticks of the schedule, each timed step by step from what the steps themselves recorded.
"""

import os
import platform
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil

from biaac.clients import job_executions_client
from biaac.settings import ROOT
from laptop import processes
from tests.browser.page import logged_in, open_dashboard
from tests.conftest import wait_for
from tests.stack import Stack, free_port_base

TICKS = 5
FRESH_S, AGAIN_S, TICK_S, MEMORY_GIB = 300, 60, 20, 4  # the targets
CHARTS = 12  # of the dashboard sales_overview
DASHBOARD = "from the schedule to a refreshed dashboard"


def main() -> None:
    """Measure, write the page, print it."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "biaac"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(root)], check=True)
        base = free_port_base()
        stack = Stack(root, base, base + 10)
        memory = Memory(root)
        fresh = _timed(lambda: _start(stack))
        _stop(stack)
        again = _timed(lambda: _start(stack))
        ticks = [_tick(stack) for _ in range(TICKS)]
        _stop(stack)
        memory.stop()
    page = _page(fresh, again, ticks, memory.peak)
    (ROOT / "docs/benchmarks/pipeline.md").write_text(page)
    print(page)


class Memory:
    """Samples the proportional memory of all processes of a stack; shared pages count once."""

    def __init__(self, root: Path) -> None:
        self.peak = 0
        self._root = root
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._ended.wait(0.5):
            used = 0
            for process in processes.of_stack(self._root):
                try:
                    used += process.memory_full_info().pss
                except (psutil.Error, OSError):
                    continue
            self.peak = max(self.peak, used)


def _timed(action: Callable[[], None]) -> float:
    start = time.monotonic()
    action()
    return time.monotonic() - start


def _start(stack: Stack) -> None:
    """`make run`, a first sync if there is no release yet, and the dashboard drawn in a browser."""
    ports = [f"PORT_BASE={stack.port_base}", f"SUPERSET_PORT={stack.superset_port}", "TICK=0"]
    before = stack.output.stat().st_size if stack.output.exists() else 0
    with stack.output.open("ab") as output:
        stack.process = subprocess.Popen(
            ["make", "run", *ports], cwd=stack.root, env=stack.plain_environment(), stdout=output, stderr=output
        )
    wait_for(
        lambda: "commands    bin/biaac" in stack.output.read_text()[before:], seconds=900, what=f"see {stack.output}"
    )
    wait_for(lambda: stack.settings is not None)
    if stack.release() is None:
        stack.biaac("sync", "grocery", seconds=600)
    with logged_in(f"http://127.0.0.1:{stack.superset_port}", stack.password) as page:
        open_dashboard(page, "sales_overview", charts=CHARTS)


def _stop(stack: Stack) -> None:
    subprocess.run(["make", "stop"], cwd=stack.root, env=stack.plain_environment(), check=True, capture_output=True)
    assert stack.process is not None
    stack.process.wait(60)


def _tick(stack: Stack) -> dict[str, float]:
    """Seconds of each hop of one tick, from the records the hops left."""
    fired = datetime.now(UTC)
    release = stack.sync_by_schedule("grocery")
    ended = datetime.now(UTC)
    spans = {}
    for job in ("ingest-grocery", "transform", "superset-refresh"):
        parent = f"{stack.settings.parent}/jobs/{job}"
        newest = max(job_executions_client(stack.settings).list_executions(parent=parent), key=lambda e: e.create_time)
        spans[job] = (newest.create_time, newest.completion_time)
    steps = {
        "schedule, function, job start": (fired, spans["ingest-grocery"][0]),
        "sync: source to Bronze": spans["ingest-grocery"],
        "event to workflow to job start": (spans["ingest-grocery"][1], spans["transform"][0]),
        "transform": spans["transform"],
        "wait, warm, promote": (spans["transform"][1], spans["superset-refresh"][0]),
        "dashboards refresh": spans["superset-refresh"],
        DASHBOARD: (fired, spans["superset-refresh"][1]),
        "afterwards, the workflow notices the end": (spans["superset-refresh"][1], ended),
    }
    assert release.execution
    return {name: (end - start).total_seconds() for name, (start, end) in steps.items()}


def _page(fresh: float, again: float, ticks: list[dict[str, float]], peak: int) -> str:
    revision = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    memory = psutil.virtual_memory().total / 2**30
    rows = [
        ("`make run`, fresh clone, to a drawn dashboard", fresh, f"{FRESH_S} s"),
        ("`make run` again, to a drawn dashboard", again, f"{AGAIN_S} s"),
        (f"one tick, {DASHBOARD}, median", statistics.median(tick[DASHBOARD] for tick in ticks), f"{TICK_S} s"),
    ]
    lines = [
        "# The pipeline",
        "",
        f"`make bench`, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, revision {revision}, {platform.machine()}, "
        f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}. Packages came from uv's cache "
        "where it had them.",
        "",
        "| what | measured | target |",
        "|---|---|---|",
        *(f"| {what} | {seconds:.1f} s | {target} |" for what, seconds, target in rows),
        f"| peak memory of the whole stack (PSS, without the browser) | {peak / 2**30:.2f} GiB | {MEMORY_GIB} GiB |",
        "",
        f"## One tick, step by step ({len(ticks)} ticks, seconds)",
        "",
        "| step | median | least | most |",
        "|---|---|---|---|",
    ]
    for name in ticks[0]:
        values = [tick[name] for tick in ticks]
        lines.append(f"| {name} | {statistics.median(values):.1f} | {min(values):.1f} | {max(values):.1f} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
