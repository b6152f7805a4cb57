"""The transform job, killed before a chosen statement: ``python killed.py REGEX --execution ...``."""

import os
import re
import signal
import sys
from typing import Any

from sqlmesh.core.engine_adapter.base import EngineAdapter


def main() -> None:
    pattern = re.compile(sys.argv.pop(1), re.IGNORECASE | re.DOTALL)
    execute = EngineAdapter._execute

    def or_die(self: Any, sql: str, *arguments: Any, **named: Any) -> Any:
        if pattern.search(sql):
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(self, sql, *arguments, **named)

    EngineAdapter._execute = or_die
    from sqlmesh_project import transform

    transform.main()


if __name__ == "__main__":
    main()
