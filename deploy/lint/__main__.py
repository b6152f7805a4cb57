"""``python -m deploy.lint [FILE ...]``: exit 0 when every file is valid, else 1 and one line for each fault."""

import sys
from pathlib import Path

from biaac.errors import PermanentError
from biaac.settings import ROOT
from deploy.lint import message, names, shell, steps
from deploy.lint.document import read


def faults(path: Path) -> list[str]:
    """Every fault of one file; of a file whose shape is wrong, that of its shape."""
    try:
        document = read(path)
    except PermanentError as error:
        return error.message.splitlines()
    listed = list(message.check(document))
    if not listed:
        listed = [fault for rules in (steps, names, shell) for fault in rules.check(document)]
    return [str(fault) for fault in sorted(listed, key=lambda fault: fault.line)]


def main() -> None:
    """Check the files named, or the repository's own."""
    files = [Path(argument) for argument in sys.argv[1:]] or [ROOT / "cloudbuild.yaml"]
    listed = [fault for path in files for fault in faults(path)]
    print("\n".join(listed) or f"{', '.join(path.name for path in files)}: valid")
    sys.exit(1 if listed else 0)


if __name__ == "__main__":
    main()
