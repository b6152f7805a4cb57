"""One task: a command in a process group of its own. A restarted stand-in still learns its exit code."""

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

# Plays the container: waits for the command whatever signal the group gets (the command itself has the default
# action back), and leaves the exit code in the file $0. The file appears whole or not at all.
CONTAINER = 'trap : TERM INT HUP; "$@"; echo $? > "$0.new"; mv "$0.new" "$0"'

KILLED = 137  # 128 + SIGKILL: what Cloud Run reports for a container that was killed


class Task:
    """A process group: started here, or by an earlier stand-in."""

    def __init__(self, process: psutil.Process, exit_file: Path) -> None:
        self.pid: int = process.pid
        self._process = process
        self._exit_file = exit_file

    @classmethod
    def start(cls, command: list[str], environment: Mapping[str, str], *, log: Path, exit_file: Path) -> "Task":
        """Run ``command``; both its outputs go to ``log``."""
        with log.open("wb") as output:
            process = psutil.Popen(
                ["/bin/sh", "-c", CONTAINER, str(exit_file), *command],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return cls(process, exit_file)

    @classmethod
    def find(cls, exit_file: Path) -> "Task | None":
        """The living task that an earlier stand-in started with ``exit_file``; None if it has ended.

        It is recognised by its command line, which alone names ``exit_file``. A recorded pid may belong to another
        process by now, and a stand-in that was killed between start and record has recorded none.
        """
        for process in psutil.process_iter(["cmdline"]):
            with suppress(psutil.NoSuchProcess, ProcessLookupError):
                is_named = str(exit_file) in (process.info["cmdline"] or [])
                if is_named and os.getsid(process.pid) == process.pid and process.is_running():
                    return cls(process, exit_file)
        return None

    def has_ended(self, *, within_s: float) -> bool:
        """Wait up to ``within_s`` for the end of the task."""
        try:
            self._process.wait(timeout=within_s)
        except psutil.TimeoutExpired:
            return False
        self.signal(signal.SIGKILL)  # a container ends with its first process: nothing it started may live on
        return True

    def signal(self, number: int) -> None:
        """Send a signal to every process of the task."""
        with suppress(ProcessLookupError, PermissionError):  # macOS: EPERM for a group of zombies
            os.killpg(self.pid, number)


def exit_code(exit_file: Path) -> int:
    """The exit code of a task that has ended; one that left none was killed together with its container."""
    return int(exit_file.read_text()) if exit_file.exists() else KILLED
