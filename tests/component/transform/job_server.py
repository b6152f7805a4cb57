"""Runs the transform job again and again, each time in a fork of one process that has imported SQLMesh.

Reads requests from standard input, one JSON object a line: ``{environment, arguments, output, kill_before, nth}``;
answers each with the exit code. ``kill_before`` is a pattern: the job dies by SIGKILL before its ``nth`` statement
(``SQL ...``) or write to Cloud Storage (``PUT object``) that matches.
"""

import json
import os
import re
import signal
import sys
import traceback
from typing import Any

from google.cloud.storage import Blob
from sqlmesh.core.engine_adapter.base import EngineAdapter

from transform import build, job, publish  # noqa: F401  imported before the fork: that is the point


def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            _job(request)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _job(request: dict[str, Any]) -> None:
    output = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = ["transform", *request["arguments"]]
    if "RIVAL" in os.environ:
        _meet_a_rival()
    if request["kill_before"]:
        _die_before(re.compile(request["kill_before"], re.IGNORECASE | re.DOTALL), request["nth"])
    code = 0
    try:
        job.main()
    except SystemExit as exit_:
        print(exit_.code)
        code = exit_.code if isinstance(exit_.code, int) else 1
    except Exception:  # what the interpreter would print
        traceback.print_exc()
        code = 1
    os._exit(code)


def _meet_a_rival() -> None:
    """Another writer puts the lake's state back, unchanged, before the first Gold file of this run is in place."""
    upload, met = Blob.upload_from_filename, False

    def upload_(self: Blob, *arguments: Any, **named: Any) -> Any:
        nonlocal met
        if not met:
            met = True
            state = self.bucket.blob(f"lake/{os.environ.get('BIAAC_ENVIRONMENT', 'prod')}/state")
            state.upload_from_string(state.download_as_bytes())
        return upload(self, *arguments, **named)

    Blob.upload_from_filename = upload_


def _die_before(pattern: re.Pattern[str], nth: int) -> None:
    seen = 0

    def reach(event: str) -> None:
        nonlocal seen
        if pattern.search(event):
            seen += 1
            if seen == nth:
                print(f"killed before: {event[:200]}", flush=True)
                os.kill(os.getpid(), signal.SIGKILL)

    execute, upload = EngineAdapter._execute, Blob._do_upload

    def execute_(self: Any, sql: str, *arguments: Any, **named: Any) -> Any:
        reach(f"SQL {sql}")
        return execute(self, sql, *arguments, **named)

    def upload_(self: Any, *arguments: Any, **named: Any) -> Any:
        reach(f"PUT {self.name}")
        return upload(self, *arguments, **named)

    EngineAdapter._execute, Blob._do_upload = execute_, upload_


if __name__ == "__main__":
    main()
