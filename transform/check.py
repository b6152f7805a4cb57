"""Lint and unit tests of the company's SQLMesh project, without a lake: a part of ``make check``.

    python -m transform.check

Prints each fault as ``file:line: what is wrong`` and exits 1.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlmesh import Context
from sqlmesh.core.console import NoopConsole, set_console
from sqlmesh.utils.errors import SQLMeshError

from biaac.errors import BiaacError
from transform import model_errors
from transform.settings import LakeSettings


def faults(context: Any) -> Iterator[str]:
    """Each broken rule of the linter, then each unit test that fails."""
    for violation in context.lint_models(raise_on_error=False):
        path, message = Path(violation.model._path), violation.violation_msg
        yield f"{path}:{_line_of_column(path, message)}: {violation.rule.name}: {message}"
    result = context.test()
    for test, text in [*result.errors, *result.failures]:
        yield f"{test.path}:{_line(test.path, rf'^{test.test_name}:')}: {test.test_name}: {text.strip()}"


def _line_of_column(path: Path, message: str) -> int:
    """Line of the query with the column that a message of the linter names, else the first of the file."""
    named = re.search(r"(?:column:|comment on) (\w+)", message)
    return _line(path, rf"\n\);.*?\b{named[1]}\b") if named else 1


def _line(path: Path, pattern: str) -> int:
    """Line on which the first match of ``pattern`` ends; 1 without a match."""
    text = path.read_text(encoding="utf-8")
    match = re.search(pattern, text, re.DOTALL | re.MULTILINE)
    return text.count("\n", 0, match.end()) + 1 if match else 1


def main() -> None:
    """Check the project of ``COMPANY_DIR``."""
    set_console(NoopConsole())
    try:
        project = LakeSettings.load().models
        context = Context(paths=[str(project)])
        if broken := list(faults(context)):
            sys.exit("\n".join(broken))
    except BiaacError as error:
        sys.exit(str(error))
    except SQLMeshError as error:
        sys.exit(f"{project.name}/{model_errors.locate(error, project)}")
    print(f"{len(context.models)} models are valid; their unit tests pass")


if __name__ == "__main__":
    main()
