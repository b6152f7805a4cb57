"""``python -m deploy.lint [FILE ...]``: exit 0 when every file is well, else 1 and one line for each fault."""

import argparse
import sys
from pathlib import Path

from biaac.errors import PermanentError
from biaac.settings import ROOT
from deploy.lint import chain, message, names, programs, reach, shell, steps
from deploy.lint.document import read


def faults(path: Path) -> list[str]:
    """Every fault of one file; of a file whose shape is wrong, those of its shape."""
    try:
        document = read(path)
    except PermanentError as error:
        return error.message.splitlines()
    found = message.check(document)
    if not found:
        for rules in (steps, names, programs, shell, reach, chain):
            found += rules.check(document)
    return [str(fault) for fault in sorted(found, key=lambda fault: fault.line)]


def main() -> None:
    """Check the files named, or the repository's own."""
    parser = argparse.ArgumentParser(prog="python -m deploy.lint", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="default: cloudbuild.yaml")
    files = parser.parse_args().files or [ROOT / "cloudbuild.yaml"]
    found = [fault for path in files for fault in faults(path)]
    for fault in found:
        print(fault)
    if not found:
        print(f"{', '.join(str(path.name) for path in files)}: well")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
