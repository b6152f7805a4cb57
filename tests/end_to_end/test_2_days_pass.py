"""Days pass: by a tick, with a transform killed in the middle, over a restart, and by the schedule alone."""

import shutil
import subprocess
from decimal import Decimal

import psutil

from biaac import objects, releases
from biaac.clients import storage_client
from laptop import processes
from tests import company
from tests.company import NEXT_DAY
from tests.conftest import wait_for
from tests.end_to_end.test_4_commands import make
from tests.stack import CYCLE_S, Stack

# No interface but loopback: the whole of the outside is unreachable, as on a train.
IN_A_NAMESPACE = ["unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
NOWHERE = "http://127.0.0.1:9"  # the discard port: refuses
TOTALS = "SELECT count(*), sum(amount) FROM gold.orders"


def test_a_tick_brings_the_next_day_with_its_corrections(stack: Stack) -> None:
    before = stack.release()
    company.pass_a_day(stack.root)
    release = stack.sync_by_schedule()
    assert before is not None
    assert release.parent == before.id
    assert stack.rows(TOTALS) == [(NEXT_DAY.orders, NEXT_DAY.revenue)]
    assert stack.chart_data(metrics=["orders"], columns=[]) == [{"orders": NEXT_DAY.orders}]


def test_a_transform_killed_in_the_middle_of_its_work_is_done_again_exactly(stack: Stack) -> None:
    before = stack.release()
    stack.sell(101, 10.0)
    stack.tick()
    kill_a_transform_at_work(stack)
    wait_for(lambda: stack.release() != before, seconds=CYCLE_S, what="a release after the kill")
    now = stack.release()
    assert now is not None
    stack.wait_for_end_of(now.execution)
    assert stack.rows(TOTALS) == [(NEXT_DAY.orders + 1, NEXT_DAY.revenue + 10)]


def kill_a_transform_at_work(stack: Stack) -> None:
    """Stopped first, so that it is surely at work when it is killed: it holds the lock and has not given it back."""
    lake = storage_client(stack.settings).bucket("lake")

    def owner() -> str | None:
        lock = objects.read(lake, "locks/transform").value
        name: str | None = lock and lock["owner"]
        return name

    def killed() -> bool:
        for process in processes.of_stack(stack.root):
            try:
                if owner() is not None and "transform.job" in process.cmdline():
                    process.suspend()
                    at_work = owner() is not None
                    process.kill() if at_work else process.resume()
                    return at_work
            except psutil.NoSuchProcess:
                continue
        return False

    wait_for(killed, seconds=CYCLE_S, what="a transform at work was killed")


def test_one_order_more_publishes_only_its_month(stack: Stack) -> None:
    """Follows the test above. The other months, and tables of another source, are carried over by reference."""
    lake = storage_client(stack.settings).bucket("lake")
    now = stack.release()
    assert now is not None and now.parent is not None
    before = releases.read(lake, "prod", now.parent)

    def files(release: releases.Release) -> dict[str | None, str]:
        manifest = releases.read_manifest(lake, release.tables["gold.orders"])
        return {file.partition: file.path for file in manifest.files}

    assert files(now).keys() == NEXT_DAY.orders_by_month.keys()
    assert {month for month, path in files(now).items() if files(before).get(month) != path} == {"2026-07-01"}
    assert now.tables["gold.tickets"] == before.tables["gold.tickets"]


def test_make_stop_leaves_nothing_running(stack: Stack) -> None:
    assert stack.process is not None
    done = make("stop", stack)
    assert done.returncode == 0 and "nothing is left running" in done.stdout
    assert stack.process.wait(CYCLE_S) == 0
    assert processes.of_stack(stack.root) == []
    assert "nothing was running" in make("stop", stack).stdout


def test_a_second_start_needs_no_network_and_once_verifies_a_whole_cycle(stack: Stack) -> None:
    release = stack.release_on_disk()
    environment = stack.plain_environment()
    works = subprocess.run([*IN_A_NAMESPACE, "true"], capture_output=True, check=False) if _has_namespaces() else None
    if works is not None and works.returncode == 0:
        prefix = IN_A_NAMESPACE
    else:
        # Where the kernel gives an ordinary user no network of their own: every client of HTTP is sent nowhere.
        print("without a network namespace: through a proxy that refuses")
        prefix = []
        environment |= dict.fromkeys(["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"], NOWHERE)
        environment |= dict.fromkeys(["NO_PROXY", "no_proxy"], "127.0.0.1,localhost")
    ports = [f"PORT_BASE={stack.port_base}", f"SUPERSET_PORT={stack.superset_port}", "TICK=0"]
    with (stack.root / "once.log").open("w+") as output:
        command = [*prefix, "make", "run", "ONCE=1", *ports]
        code = subprocess.call(command, cwd=stack.root, env=environment, stdout=output, stderr=output, timeout=CYCLE_S)
        output.seek(0)
        printed = output.read()
    assert code == 0, printed
    assert "sync: job" in printed and "dashboards" in printed and "nothing is left running" in printed
    assert processes.of_stack(stack.root) == []
    assert stack.release_on_disk() >= release


def test_the_next_start_goes_on_and_the_schedule_alone_moves_the_data_also_after_the_supervisor_was_killed(
    stack: Stack,
) -> None:
    stack.sell(102, 20.0)
    stack.start(tick=20)
    expected = [(NEXT_DAY.orders + 2, NEXT_DAY.revenue + Decimal(30))]
    wait_for(lambda: stack.rows(TOTALS) == expected, seconds=CYCLE_S, what="the order came by the schedule")
    assert stack.process is not None
    stack.process.kill()
    stack.process.wait()
    stack.start()
    stack.biaac("sync", "shop")  # a tick that was due meanwhile runs at the start: attach to it, let it end
    assert stack.rows(TOTALS) == expected
    assert stack.chart_data(metrics=["orders"], columns=[]) == [{"orders": NEXT_DAY.orders + 2}]


def _has_namespaces() -> bool:
    return all(shutil.which(program) for program in ("unshare", "ip"))
