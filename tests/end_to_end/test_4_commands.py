"""What a person types and sees: progress at a terminal, make stop and clean, a start without a network."""

import os
import pty
import re
import subprocess
from pathlib import Path

import psutil

from laptop import processes
from tests.conftest import wait_for
from tests.stack import CYCLE_S, Stack, copy_of_checkout, free_port_base


def test_a_person_at_a_terminal_sees_how_far_a_sync_is(stack: Stack) -> None:
    stack.sell(103, 30.0)
    shown = _at_a_terminal([str(stack.root / "bin/biaac"), "sync", "shop"], stack)
    assert "\x1b[?25l" in shown, "no progress is drawn"
    assert re.search(r"✓.* sync: job \d+ of shop brought [\d,]+ rows to Bronze", shown), shown


def test_once_fails_and_names_the_fault_of_a_file(tmp_path: Path) -> None:
    root = copy_of_checkout(tmp_path / "copy")
    connection = root / "connections/shop.yaml"
    connection.write_text(connection.read_text().replace("mode: incremental", "mode: incremantal", 1))
    base = free_port_base()
    other = Stack(root, base, base + 10)
    command = ["make", "run", "ONCE=1", f"PORT_BASE={other.port_base}", f"SUPERSET_PORT={other.superset_port}"]
    done = subprocess.run(
        command, cwd=root, env=other.plain_environment(), capture_output=True, text=True, timeout=CYCLE_S, check=False
    )
    assert done.returncode != 0
    assert "incremantal" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert processes.of_stack(root) == []


def test_make_clean_deletes_data_and_logs_and_keeps_environments(tmp_path: Path) -> None:
    root = copy_of_checkout(tmp_path)
    for made in ("state/storage", "logs"):
        (root / ".biaac" / made).mkdir(parents=True)
        (root / ".biaac" / made / "file").touch()
    (root / ".biaac/laptop.env").touch()
    done = make("clean", Stack(root, 0, 0))
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (root / ".biaac").iterdir()) == ["envs", "uv"]
    assert (root / ".biaac/envs/laptop/bin/python").exists()


def make(target: str, stack: Stack) -> subprocess.CompletedProcess[str]:
    command = ["make", target]
    environment = stack.plain_environment()
    return subprocess.run(command, cwd=stack.root, env=environment, capture_output=True, text=True, check=False)


def _at_a_terminal(command: list[str], stack: Stack) -> str:
    """Everything a command draws on a terminal."""
    ours, theirs = pty.openpty()
    environment = stack.plain_environment() | {"TERM": "xterm-256color", "COLUMNS": "120"}
    process = subprocess.Popen(
        command, cwd=stack.root, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    drawn = bytearray()
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:  # Linux says so when the last writer has closed
            break
        if not chunk:
            break
        drawn += chunk
    os.close(ours)
    wait_for(lambda: process.poll() is not None, seconds=CYCLE_S, what="the command ends")
    assert process.returncode == 0, drawn.decode(errors="replace")
    assert not psutil.pid_exists(process.pid)
    return drawn.decode(errors="replace")
